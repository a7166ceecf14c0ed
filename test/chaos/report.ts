import { isMemfd, type Leak, leakCount } from "./census.js"
import { median, most, total } from "./figures.js"
import type { Disturbance } from "./options.js"
import type { Run } from "./run.js"

/** What a run came to. Field names are read by others: add, and do not rename. */
export interface Report {
  seed: number
  seconds: number
  passed: boolean
  /** False while the run goes on, and of one that was ended by a signal. */
  finished: boolean
  clients: number
  mode: string
  kills: number
  disturbances: Partial<Record<Disturbance, number>>
  /** Sums over the lives of the managers, as they were last looked at. */
  faults: number
  pages_poisoned: number
  steps: number
  steps_served: number
  bytes_checked: number
  additions: number
  calls_refused: number
  /** From the kill of a manager until every thread had gone on. */
  stall_ms_median: number | null
  stall_ms_max: number | null
  /** Of those that came after a kill. */
  start_ms_median: number | null
  /** Median of each stall in terms of the start that ended it. */
  stall_per_start: number | null
  longest_step_ms: number
  /** By the name of the manager: the source's fails and is slow besides. */
  stalls: Record<string, { count: number; ms_median: number; ms_max: number }>
  wrong_bytes: number
  lost_clients: number
  manager_failures: number
  leaked_descriptors: number
  leaked_memfds: number
  findings: string[]
}

/** Of a run that has ended, or as far as it has come. */
export function reportOf(run: Run, seconds: number): Report {
  const { findings, options, main, source } = run
  const slots = run.books.slots()
  const sum = (figure: (slot: (typeof slots)[number]) => number) => total(slots.map(figure))
  const leaks = [...run.leaks.managers, ...run.leaks.clients]
  const killed = run.measured.filter(({ disturbance }) => disturbance === "kill")
  const killStalls = killed.map(({ stallMs }) => stallMs)
  const texts = [
    ...findings.lostClients.values(),
    ...findings.managers,
    ...findings.wrongBytes,
    ...leaks.map(describeLeak),
  ]
  const slow = Math.max(0, ...slots.map(({ longestGapNs }) => Number(longestGapNs) / 1e6))
  return {
    seed: options.seed,
    seconds,
    passed: texts.length === 0,
    finished: run.hasFinished,
    clients: options.clients,
    mode: options.mode,
    kills: run.kills,
    disturbances: Object.fromEntries(run.counts),
    faults: main.tally.faults + source.tally.faults,
    pages_poisoned: main.tally.pagesPoisoned + source.tally.pagesPoisoned,
    steps: sum(({ steps }) => steps),
    steps_served: sum(({ served }) => served),
    bytes_checked: sum(({ bytesChecked }) => bytesChecked),
    additions: run.additions,
    calls_refused: sum(({ refused }) => refused),
    stall_ms_median: median(killStalls),
    stall_ms_max: most(killStalls),
    start_ms_median: median(killed.map(({ startMs }) => startMs)),
    stall_per_start: median(killed.map(({ stallMs, startMs }) => stallMs / startMs)),
    longest_step_ms: slow,
    stalls: stallsByName(run),
    wrong_bytes: Math.max(
      sum(({ wrong }) => wrong),
      findings.wrongBytes.length,
    ),
    lost_clients: findings.lostClients.size,
    manager_failures: findings.managers.length,
    leaked_descriptors: leakCount(leaks.filter((leak) => !isMemfd(leak))),
    leaked_memfds: leakCount(leaks.filter(isMemfd)),
    findings: texts,
  }
}

function stallsByName({ measured }: Run): Report["stalls"] {
  const names = new Set(measured.map(({ disturbance, daemon }) => `${disturbance} ${daemon}`))
  return Object.fromEntries(
    [...names].map((name) => {
      const all = measured.filter((one) => `${one.disturbance} ${one.daemon}` === name)
      const ms = all.map(({ stallMs }) => stallMs)
      return [name, { count: ms.length, ms_median: median(ms) ?? 0, ms_max: Math.max(...ms) }]
    }),
  )
}

const describeLeak = ({ kind, before, after }: Leak): string =>
  `leaked: ${kind}: ${before} before, ${after} after`
