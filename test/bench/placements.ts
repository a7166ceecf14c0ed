import type { Figures } from "./figures.js"
import type { ProgramArguments } from "./programs.js"
import { median } from "./row.js"
import { floorArguments, pageFaults } from "./rows/faults.js"
import type { TestBed } from "./test_bed.js"

/** Where faulter and fault thread run. */
export const placements = ["same_cpu", "apart", "unpinned"] as const
export type Placement = (typeof placements)[number]

/** Medians over the rounds. */
export interface PlacedLatency {
  readonly p50Us: number
  readonly p99Us: number
}

export interface PlacementLine {
  readonly name: string
  readonly metric: string
  readonly latencies: Readonly<Partial<Record<Placement, PlacedLatency>>>
}

interface Arrangement {
  readonly name: string
  readonly metric: string
  readonly measure: (bed: TestBed, placement: Placement) => Promise<Figures>
}

const serving = (bed: TestBed, placement: Placement): ProgramArguments => {
  if (placement === "unpinned") return {}
  return { cpu: bed.cpu, "serving-cpu": placement === "apart" ? bed.otherCpu : bed.cpu }
}

const arrangements: readonly Arrangement[] = [
  {
    name: "eventfd_round_trip",
    metric: "eventfd round trip (the wake floor)",
    measure: (bed, placement) => {
      const { cpu, "serving-cpu": otherCpu } = serving(bed, placement)
      const rounds = bed.sizes.wakeRounds
      const pinned =
        cpu === undefined || otherCpu === undefined ? {} : { cpu, "other-cpu": otherCpu }
      return bed.programs.reference("wake_floor", { rounds, ...pinned })
    },
  },
  {
    name: "floor",
    metric: "floor: thread in the process, blocking read",
    measure: (bed, placement) => {
      const { bytes = 0 } = floorArguments(bed)
      return bed.programs.reference("floor", { bytes, ...serving(bed, placement) })
    },
  },
  {
    name: "epoll_single",
    metric: "another process, one epoll thread (C)",
    measure: (bed, placement) => {
      const bytes = bed.sizes.faultBytes
      return bed.programs.reference("epoll_single", { bytes, ...serving(bed, placement) })
    },
  },
  {
    name: "pagerd",
    metric: "pagerd (apart: --threads 1)",
    measure: async (bed, placement) => {
      if (placement === "apart") return measureApart(bed)
      const args = pageFaults(await bed.plain(), bed)
      return bed.programs.client(
        "touch",
        placement === "same_cpu" ? { ...args, cpu: bed.cpu } : args,
      )
    },
  },
]

/** pagerd has a fault thread on each CPU: only with a single one can a faulter be far from it. */
async function measureApart(bed: TestBed): Promise<Figures> {
  const { manager, cpu } = await bed.oneThread()
  const far = cpu === bed.cpu ? bed.otherCpu : bed.cpu
  return bed.programs.client("touch", { ...pageFaults(manager, bed), cpu: far })
}

/** Every arrangement in every placement, round by round. One CPU has no "apart". */
export async function measurePlacements(bed: TestBed): Promise<PlacementLine[]> {
  const possible = placements.filter((it) => it !== "apart" || bed.cpu !== bed.otherCpu)
  const runs = arrangements.map(() => new Map(possible.map((it) => [it, [] as Figures[]])))
  for (let round = 0; round < bed.sizes.rounds; round++) {
    for (const placement of possible) {
      for (const [i, arrangement] of arrangements.entries()) {
        runs[i]?.get(placement)?.push(await arrangement.measure(bed, placement))
      }
    }
  }
  return arrangements.map(({ name, metric }, i) => ({
    name,
    metric,
    latencies: Object.fromEntries(
      [...(runs[i] ?? [])].map(([placement, figures]) => [placement, latencyOf(figures)]),
    ),
  }))
}

const latencyOf = (figures: readonly Figures[]): PlacedLatency => ({
  p50Us: median(figures.map((run) => run.get("p50_us"))),
  p99Us: median(figures.map((run) => run.get("p99_us"))),
})
