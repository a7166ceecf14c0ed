import { readFileSync } from "node:fs"
import type { TakenMode } from "../../../protocol/messages.js"
import { BrokenWork, pageBytes } from "../figures.js"
import type { Background } from "../programs.js"
import type { TestBed } from "../test_bed.js"

const kibibyte = 1024

export interface SummedMemory {
  /** Of all workers' mappings of the image. */
  readonly pssBytes: number
  /** What they touched, once, and what each of them wrote. */
  readonly wantedBytes: number
}

interface Occupant {
  readonly process: Background
  readonly start: number
  readonly end: number
}

/** Workers that have each read a quarter of the image and written a hundredth of it. */
export async function summedMemory(
  bed: TestBed,
  mode: TakenMode,
  workersWanted: number,
): Promise<SummedMemory> {
  const workers = Math.min(workersWanted, bed.sizes.workersMax)
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
