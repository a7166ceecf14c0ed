/** One resident image in many clients: the speed of its pages, and the memory they cost. */
import { readFileSync } from "node:fs"
import type { Mode } from "../../../protocol/messages.js"
import { BrokenWork, pageBytes } from "../figures.js"
import type { Background } from "../programs.js"
import type { Row, Target } from "../row.js"
import type { TestBed } from "../test_bed.js"

const kibibyte = 1024
const mebibyte = 1024 * kibibyte
/** What the kernel maps around a fault of its own. */
const faultAroundBytes = 64 * kibibyte

const touchAll = (
  mode: "share" | "cow",
  label: string,
  windowBytes: number,
  target: Target | undefined,
): Row => ({
  name: `${mode}_touch_all${mode === "share" ? `_${windowBytes / kibibyte}k` : ""}`,
  metric: `${label}, every page touched: pagerd / the kernel's fault-around`,
  placement: "faulter pinned",
  unit: "MB/s",
  judged: "ours / reference",
  target,
  async measure(bed) {
    const { socket } = await bed.plain()
    const work = { order: "sequential", timing: "whole", cpu: bed.cpu }
    const ours = await bed.programs.client("touch", {
      socket,
      image: "pattern",
      mode,
      "window-bytes": windowBytes,
      ...work,
    })
    const alone = await bed.programs.reference("fault_around", {
      bytes: bed.sizes.bulkBytes,
      "window-bytes": faultAroundBytes,
      ...work,
    })
    return { ours: ours.megabytesPerSecond, reference: alone.megabytesPerSecond }
  },
})

interface Occupant {
  readonly process: Background
  readonly start: number
  readonly end: number
}

/** Workers that have each read a quarter of the image and written a hundredth of it. */
async function summedMemory(bed: TestBed, mode: Mode, workers: number) {
  const { socket } = await bed.plain()
  const touchedBytes = bed.sizes.bulkBytes / 4
  const dirtyPages = Math.ceil(bed.sizes.bulkBytes / 100 / pageBytes)
  const occupants: Occupant[] = []
  try {
    for (let i = 0; i < workers; i++) {
      const { occupant, figures } = await bed.programs.occupant({
        ...{ socket, image: "pattern", mode },
        "touch-bytes": touchedBytes,
        "dirty-pages": dirtyPages,
      })
      const start = figures.get("address")
      occupants.push({ process: occupant, start, end: start + figures.get("length_bytes") })
    }
    const pssBytes = occupants.reduce((sum, occupant) => sum + pssOf(occupant), 0)
    return { pssBytes, wantedBytes: touchedBytes + workers * dirtyPages * pageBytes }
  } finally {
    await Promise.all(occupants.map(({ process }) => process.stop()))
  }
}

/** The proportional share of a worker's mapping of the image, by /proc/PID/smaps. */
function pssOf({ process, start, end }: Occupant): number {
  let isWithin = false
  let rangesSeen = 0
  let bytes = 0
  for (const line of readFileSync(`/proc/${process.pid}/smaps`, "utf8").split("\n")) {
    const range = /^([0-9a-f]+)-([0-9a-f]+) /.exec(line)
    if (range !== null) {
      isWithin = Number(`0x${range[1]}`) < end && start < Number(`0x${range[2]}`)
      if (isWithin) rangesSeen += 1
    } else if (isWithin && line.startsWith("Pss:")) {
      bytes += Number(/\d+/.exec(line)?.[0]) * kibibyte
    }
  }
  if (rangesSeen === 0) throw new BrokenWork(`worker ${process.pid} does not map the image`)
  return bytes
}

const memoryOf = (mode: Mode, workers: number, target: Target | undefined): Row => ({
  name: `memory_${mode}_${workers}`,
  metric: `summed PSS of ${workers} workers, ${mode} / touched image, once, and all dirty pages`,
  placement: "unpinned",
  unit: "MiB",
  judged: "ours / reference",
  target,
  async measure(bed) {
    const count = Math.min(workers, bed.sizes.workersMax)
    const { pssBytes, wantedBytes } = await summedMemory(bed, mode, count)
    return { ours: pssBytes / mebibyte, reference: wantedBytes / mebibyte }
  },
})

export const shareRows: readonly Row[] = [
  touchAll("share", "share, 2 MiB windows", 2 * mebibyte, { atLeast: 0.9 }),
  touchAll("share", "share, 64 KiB windows", 64 * kibibyte, undefined),
  touchAll("cow", "cow", faultAroundBytes, undefined),
  memoryOf("share", 64, { atMost: 1.1 }),
  memoryOf("share", 8, undefined),
  memoryOf("share", 1, undefined),
  memoryOf("cow", 64, undefined),
  memoryOf("copy", 64, undefined),
]
