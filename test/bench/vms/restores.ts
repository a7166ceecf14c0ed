/** VMs that are restored at once, by everybody who can bring their pages. */
import { type Restore, restoreMany } from "../../vmm/restore/restore.js"
import { type Line, lineOf } from "../../vmm/restore/table.js"
import { endStarted } from "../../vmm/started.js"
import { hugePageBytes } from "../../vmm/vmm_program.js"
import { pageBytes } from "../figures.js"
import { median } from "../row.js"
import type { TestBed } from "../test_bed.js"
import { type Backend, backends, pageByPage } from "./backends.js"
import { backendOf, type Costs, type PageServer } from "./page_server.js"
import { poolPages, withPool } from "./pool.js"
import { takenBytes, type Want, whyNoRoom } from "./room.js"

export interface Scene {
  readonly imageBytes: number
  readonly pageBytes: number
  readonly vms: number
}

/** Medians over the VMs of all rounds. */
export interface RestoreFigures extends Omit<Line, "name"> {
  /** For each VM; undefined where nobody serves. */
  readonly faults: number | undefined
  /** Of the guest's touches, with what an exit of its vCPU takes. */
  readonly p50Us: number
  readonly p99Us: number
  readonly ownBytes: number
  /** To 25 %: the C reference's time divided by this one's. Median of the rounds' own. */
  readonly timesFaster: number
}

export interface RestoreLine extends Scene {
  readonly backend: string
  /** Undefined: it was left out, and why. */
  readonly figures: RestoreFigures | undefined
  readonly leftOut: string | undefined
  /** It was tried, and could not do it. */
  readonly hasFailed: boolean
}

/** One backend's VMs of one round. */
interface Round {
  readonly restores: readonly Restore[]
  /** The same again, each touch timed. */
  readonly stepped: readonly Restore[]
  readonly costs: Costs | undefined
}

export async function measureRestores(
  bed: TestBed,
  onLines: (lines: readonly RestoreLine[]) => void,
): Promise<RestoreLine[]> {
  const all: RestoreLine[] = []
  for (const scene of scenesOf(bed)) {
    const lines = await measureScene(bed, scene)
    onLines(lines)
    all.push(...lines)
  }
  return all
}

/** What was not done, or not done right, and by whom. */
export function brokenOf(lines: readonly RestoreLine[]): { name: string; reason: string }[] {
  return lines.flatMap(({ backend, figures, leftOut, hasFailed }) => {
    if (hasFailed) return [{ name: "vms", reason: `${backend}: ${leftOut}` }]
    const { wrong } = figures ?? { wrong: 0 }
    return wrong > 0
      ? [{ name: "vms", reason: `${backend}: guests read ${wrong} wrong words` }]
      : []
  })
}

function scenesOf({ sizes }: TestBed): Scene[] {
  return sizes.vmImageBytes.flatMap((imageBytes) =>
    sizes.vmPageBytes.flatMap((pageBytes) =>
      sizes.vmCounts.map((vms) => ({ imageBytes, pageBytes, vms })),
    ),
  )
}

/** What became of a backend in a scene. */
interface Trial {
  readonly backend: Backend
  readonly want: Want & Scene
  readonly rounds: Round[]
  leftOut: string | undefined
  hasFailed: boolean
}

function trialOf(backend: Backend, scene: Scene): Trial {
  const want = { ...scene, ownShare: backend.ownShare(scene.pageBytes) }
  return { backend, want, rounds: [], leftOut: whyNoRoom(want), hasFailed: false }
}

/** Every backend that can serve such a scene, in turn, round after round. */
async function measureScene(bed: TestBed, scene: Scene): Promise<RestoreLine[]> {
  const able = backends.filter(({ pageSizes }) => pageSizes.includes(scene.pageBytes))
  const trials = able.map((backend) => trialOf(backend, scene))
  for (let round = 0; round < roundsOf(bed, scene); round++) {
    for (const trial of trials) {
      if (trial.leftOut === undefined) await tryRound(bed, trial)
    }
  }
  const references = trials.find(({ backend }) => backend === pageByPage)?.rounds ?? []
  return trials.map(({ backend, rounds, leftOut, hasFailed }) => {
    const figures = leftOut === undefined ? figuresOf(rounds, references) : undefined
    return { ...scene, backend: backend.name, figures, leftOut, hasFailed }
  })
}

/** Whoever fails is told of in its line, and costs the others nothing. */
async function tryRound(bed: TestBed, trial: Trial): Promise<void> {
  try {
    trial.leftOut = await withPool(trial.want, async () => {
      trial.rounds.push(await measureRound(bed, trial))
    })
  } catch (error) {
    await endStarted()
    trial.leftOut = `failed: ${error instanceof Error ? error.message : error}`
    trial.hasFailed = true
  }
}

/** Many VMs at once are many measurements already, and take long. */
const roundsOf = (bed: TestBed, { vms }: Scene): number =>
  Math.max(1, Math.round(bed.sizes.rounds / Math.sqrt(vms)))

async function measureRound(bed: TestBed, { backend, want }: Trial): Promise<Round> {
  const vm = bed.vms.optionsOf(want)
  const server = await backend.start(vm)
  try {
    const timed = { ...vm, ...backendOf(server) }
    await warmFor(bed, want)
    const { restores, costs } = await measureCosts(server, () =>
      restoreMany(want.vms, { ...timed, beforeEnd: () => server.settle() }),
    )
    await server.renew()
    const touchesMax = bed.sizes.vmTouchesMax
    await warmFor(bed, want)
    const stepped = await restoreMany(want.vms, { ...timed, isStepped: true, touchesMax })
    return { restores, stepped, costs }
  } finally {
    await server.stop()
  }
}

const warmFor = (bed: TestBed, want: Want & Scene): Promise<void> =>
  want.pageBytes === pageBytes
    ? bed.vms.warm(takenBytes(want))
    : bed.vms.warmPool(poolPages(want) * hugePageBytes)

async function measureCosts(
  server: PageServer,
  run: () => Promise<Restore[]>,
): Promise<Pick<Round, "restores" | "costs">> {
  const before = await server.costs()
  const restores = await run()
  const after = await server.costs()
  if (before === undefined || after === undefined) return { restores, costs: undefined }
  const cpuSeconds = after.cpuSeconds - before.cpuSeconds
  return { restores, costs: { cpuSeconds, faults: after.faults - before.faults } }
}

function figuresOf(rounds: readonly Round[], references: readonly Round[]): RestoreFigures {
  const restores = rounds.flatMap((round) => round.restores)
  const stepped = rounds.flatMap((round) => round.stepped)
  const sumOf = (cost: keyof Costs) => sum(rounds.map(({ costs }) => costs?.[cost]))
  const faults = sumOf("faults")
  const { name: _, ...line } = lineOf("", restores, sumOf("cpuSeconds"))
  const us = (share: "p50" | "p99") =>
    median(stepped.map(({ latency }) => (latency?.[share] ?? Number.NaN) / 1e3))
  return {
    ...line,
    faults: faults === undefined ? undefined : faults / restores.length,
    p50Us: us("p50"),
    p99Us: us("p99"),
    ownBytes: median(restores.map(({ ownBytes }) => ownBytes)),
    timesFaster: median(rounds.map((round, at) => quarterOf(references[at]) / quarterOf(round))),
    wrong: line.wrong + stepped.reduce((all, { wrong }) => all + wrong, 0),
  }
}

const quarterOf = (round: Round | undefined): number =>
  median((round?.restores ?? []).map(({ quarterMs }) => quarterMs))

/** Undefined where one is. */
function sum(values: readonly (number | undefined)[]): number | undefined {
  return values.reduce(
    (all, value) => (all === undefined || value === undefined ? undefined : all + value),
    0,
  )
}
