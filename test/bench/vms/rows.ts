/** What is promised of VMs: working sets, and many VMs at once. */
import { availableParallelism } from "node:os"
import { type Restore, type RestoreOptions, restore } from "../../vmm/restore/restore.js"
import { startVmm, type VmmOptions } from "../../vmm/vmm_program.js"
import { BrokenWork, pageBytes } from "../figures.js"
import type { Row, Target } from "../row.js"
import type { TestBed } from "../test_bed.js"
import { backendOf, type PageServer } from "./page_server.js"
import type { PagerdOptions } from "./pagerd_server.js"
import { slowReadUs } from "./slow_source.js"

const placement = "unpinned"

/** Until a guest has touched a quarter of its memory. */
async function quarterMs(restored: Promise<Restore>): Promise<number> {
  const { quarterMs, wrong } = await restored
  if (wrong > 0) throw new BrokenWork(`a guest has read ${wrong} wrong words`)
  return quarterMs
}

interface SlowRow {
  readonly name: string
  readonly against: string
  /** Of the second restore. */
  readonly windowBytes: number | undefined
  readonly target: Target | undefined
  first(bed: TestBed, vm: RestoreOptions): Promise<Restore>
}

/** Ours: the second restore with the first one's working set. */
const slowRow = ({ name, against, windowBytes, target, first }: SlowRow): Row => ({
  name,
  metric: `restore to 25 %, 1 ms a read: ${against} / pagerd with working set`,
  placement,
  unit: "ms",
  judged: "reference / ours",
  target,
  async measure(bed) {
    const imageBytes = bed.sizes.vmSlowBytes
    const vm = bed.vms.optionsOf({ imageBytes })
    const reference = await quarterMs(first(bed, vm))
    await bed.vms.warm(2 * imageBytes)
    const ours = await quarterMs(bed.vms.slow(imageBytes).second(vm, windowBytes))
    return { ours, reference }
  },
})

const firstByPagerd =
  (windowBytes: number | undefined): SlowRow["first"] =>
  (bed, vm) =>
    bed.vms.slow(bed.sizes.vmSlowBytes).first(vm, windowBytes)

const manyTimesFaster = { atLeast: 3.7 }

const slowRows = [
  slowRow({
    name: "vms_slow_reference",
    against: "page by page (C)",
    windowBytes: undefined,
    target: manyTimesFaster,
    async first(bed, vm) {
      const server = await bed.vms.reference(bed.sizes.vmSlowBytes, slowReadUs)
      return restore({ ...vm, ...backendOf(server) })
    },
  }),
  slowRow({
    name: "vms_slow_pages",
    against: "pagerd, windows of a page",
    windowBytes: pageBytes,
    target: manyTimesFaster,
    first: firstByPagerd(pageBytes),
  }),
  slowRow({
    name: "vms_slow_windows",
    against: "pagerd, default windows",
    windowBytes: undefined,
    target: undefined,
    first: firstByPagerd(undefined),
  }),
]

const residentRow = (name: string, windows: string, windowBytes: number | undefined): Row => ({
  name,
  metric: `restore to 25 %, resident image, ${windows}: without working set / with it`,
  placement,
  unit: "ms",
  judged: "reference / ours",
  target: { atLeast: 0.95 },
  async measure(bed) {
    const imageBytes = Math.min(...bed.sizes.vmImageBytes)
    const plain = { isResident: true, ...windowsOf(windowBytes) }
    const timed = async (options: PagerdOptions) => {
      const server = await bed.vms.pagerd(imageBytes, options)
      await bed.vms.warm(imageBytes)
      return quarterMs(restore({ ...bed.vms.optionsOf({ imageBytes }), ...backendOf(server) }))
    }
    return { reference: await timed(plain), ours: await timed({ ...plain, hasWorkingSet: true }) }
  },
})

const windowsOf = (windowBytes: number | undefined): Pick<PagerdOptions, "windowBytes"> =>
  windowBytes === undefined ? {} : { windowBytes }

interface CrowdRow {
  readonly name: string
  readonly who: string
  /** Threads of the VMM touch its memory, whether there is KVM or not. */
  readonly isPlain?: true
  /** Touched is every page of so many; undefined: in each window one, so that each is a fault. */
  readonly stride?: number
  readonly target: Target | undefined
  serve(bed: TestBed, imageBytes: number): Promise<PageServer>
}

const crowded = "worst of 32 VMs at once / one alone, by its share of a CPU"
/** More than the pages of a default window, and nothing that a streak is made of. */
const faultStride = 17

/** Who is alone has all CPUs; of many, each has its share of them. */
const crowdRow = ({ name, who, isPlain, stride, target, serve }: CrowdRow): Row => ({
  name,
  metric: `p99 of ${stride ? "touches" : "faults"}, ${who}: ${crowded}`,
  placement,
  unit: "us",
  judged: "ours / reference",
  target,
  async measure(bed) {
    const imageBytes = Math.min(...bed.sizes.vmImageBytes)
    const server = await serve(bed, imageBytes)
    const given = { ...bed.vms.optionsOf({ imageBytes }), ...backendOf(server), isStepped: true }
    const vm = isPlain ? { ...given, isPlain } : given
    const walk = { touches: bed.sizes.vmCrowdTouches, stride: stride ?? faultStride }
    const [alone = Number.NaN] = await touchAtOnce(bed, 1, vm, walk)
    const crowd = await touchAtOnce(bed, bed.sizes.vmCrowd, vm, walk)
    const share = Math.min(1, availableParallelism() / crowd.length)
    return { ours: Math.max(...crowd), reference: alone / share }
  },
})

interface Walk {
  readonly touches: number
  readonly stride: number
}

/** Each VM's own p99 in us: its guests begin together, once all VMs are there. */
async function touchAtOnce(
  bed: TestBed,
  count: number,
  vm: VmmOptions,
  { touches, stride }: Walk,
): Promise<number[]> {
  const vmms = await Promise.all(Array.from({ length: count }, () => startVmm(vm)))
  try {
    // Last of all: the host takes back what is free for some seconds.
    await bed.vms.warm(count * touches * stride * pageBytes)
    const walks = await Promise.all(vmms.map((vmm) => vmm.order("walk", 0, touches, stride, 2)))
    const wrong = walks.reduce((all, walk) => all + walk.wrong + walk.failed, 0)
    if (wrong > 0) throw new BrokenWork(`guests have read ${wrong} wrong words`)
    return walks.map(({ latency_ns }) => (latency_ns?.p99 ?? Number.NaN) / 1e3)
  } finally {
    await Promise.all(vmms.map((vmm) => vmm.kill()))
  }
}

const fairShare = { atMost: 3 }

const byPagerd =
  (options: Pick<PagerdOptions, "windowBytes">): CrowdRow["serve"] =>
  (bed, imageBytes) =>
    bed.vms.pagerd(imageBytes, { isResident: true, ...options })

const crowdRows = [
  crowdRow({ name: "vms_crowd", who: "pagerd", target: fairShare, serve: byPagerd({}) }),
  crowdRow({
    name: "vms_crowd_pages",
    who: "pagerd with windows of a page",
    target: fairShare,
    serve: byPagerd({ windowBytes: pageBytes }),
  }),
  crowdRow({
    name: "vms_crowd_threads",
    who: "pagerd, threads for guests",
    isPlain: true,
    target: fairShare,
    serve: byPagerd({}),
  }),
  crowdRow({
    name: "vms_crowd_thirds",
    who: "pagerd, every third page",
    stride: 3,
    target: undefined,
    serve: byPagerd({}),
  }),
  crowdRow({
    name: "vms_crowd_reference",
    who: "page by page (C)",
    target: undefined,
    serve: (bed, imageBytes) => bed.vms.reference(imageBytes),
  }),
]

export const vmRows: readonly Row[] = [
  ...slowRows,
  residentRow("vms_resident", "default windows", undefined),
  residentRow("vms_resident_pages", "windows of a page", pageBytes),
  ...crowdRows,
]
