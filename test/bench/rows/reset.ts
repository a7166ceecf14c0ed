/** What stands between two tenants: some pages written, and the memory put back to the image. */
import type { Mode } from "../../../protocol/messages.js"
import { pageBytes } from "../figures.js"
import type { ProgramArguments } from "../programs.js"
import type { Row, Target } from "../row.js"
import type { TestBed } from "../test_bed.js"

const workOf = (bed: TestBed, dirtyPages: number): ProgramArguments => ({
  bytes: bed.sizes.faultBytes,
  "dirty-pages": Math.min(dirtyPages, bed.sizes.faultBytes / pageBytes),
  cycles: bed.sizes.resetCycles,
  cpu: bed.cpu,
})

async function resetTime(bed: TestBed, mode: Mode, work: ProgramArguments): Promise<number> {
  const { socket } = await bed.plain()
  const figures = await bed.programs.client("reset", { socket, image: "pattern", mode, ...work })
  return figures.get("p50_us")
}

/** Against the kernel's own copy-on-write: the cheapest refault there is. */
const againstPrivate = (mode: Mode, dirtyPages: number, target: Target | undefined): Row => ({
  name: `reset_${mode}_${dirtyPages}`,
  metric: `run and reset, ${dirtyPages} dirty pages, p50: ${mode} / MADV_DONTNEED, private memfd`,
  placement: "pinned",
  unit: "us",
  judged: "ours / reference",
  target,
  async measure(bed) {
    const work = workOf(bed, dirtyPages)
    const ours = await resetTime(bed, mode, work)
    const reference = await bed.programs.reference("dontneed_private", work)
    return { ours, reference: reference.get("p50_us") }
  },
})

/** Against a handler in the process that copies each page anew. */
const againstRefault = (dirtyPages: number, target: Target): Row => ({
  name: `reset_copy_${dirtyPages}`,
  metric: `run and reset, ${dirtyPages} dirty pages, p50: copy / MADV_DONTNEED, floor's faults`,
  placement: "pinned",
  unit: "us",
  judged: "ours / reference",
  target,
  async measure(bed) {
    const work = workOf(bed, dirtyPages)
    const ours = await resetTime(bed, "copy", { ...work, "window-bytes": pageBytes })
    const serving = { "serving-cpu": bed.cpu }
    const reference = await bed.programs.reference("dontneed_refault", { ...work, ...serving })
    return { ours, reference: reference.get("p50_us") }
  },
})

export const resetRows: readonly Row[] = [
  againstPrivate("cow", 64, { atMost: 0.25 }),
  againstPrivate("cow", 1024, { atMost: 0.15 }),
  againstPrivate("share", 64, { atMost: 0.25 }),
  againstPrivate("share", 1024, { atMost: 0.15 }),
  againstRefault(64, { atMost: 0.25 }),
  againstRefault(1024, { atMost: 0.15 }),
]
