import { isMemfd, type Leak, leakCount } from "./census.js"
import type { Disturbance } from "./options.js"
import type { Run } from "./run.js"

/** What a run came to. Field names are read by others: add, and do not rename. */
export interface Report {
  seed: number
  seconds: number
  passed: boolean
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
  start_ms_median: number
  /** Of the median stall to the median start. */
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

export function reportOf(run: Run, seconds: number): Report {
  const { findings, options, main, source } = run
  const slots = run.books.slots()
  const sum = (figure: (slot: (typeof slots)[number]) => number) => total(slots.map(figure))
  const leaks = [...run.leaks.managers, ...run.leaks.clients]
  const killStalls = run.measured
    .filter(({ disturbance }) => disturbance === "kill")
    .map(({ stallMs }) => stallMs)
  const startMedian = median(main.startsMs)
  const stallMedian = killStalls.length > 0 ? median(killStalls) : null
  const texts = [
    ...findings.lostClients.values(),
    ...findings.managers,
    ...findings.wrongBytes,
    ...leaks.map(describeLeak),
  ]
  const ofStats = (figure: Parameters<typeof main.sumOfStats>[0]) =>
    main.sumOfStats(figure) + source.sumOfStats(figure)
  const slow = Math.max(0, ...slots.map(({ longestGapNs }) => Number(longestGapNs) / 1e6))
  return {
    seed: options.seed,
    seconds,
    passed: texts.length === 0,
    clients: options.clients,
    mode: options.mode,
    kills: run.kills,
    disturbances: Object.fromEntries(run.counts),
    faults: ofStats(({ faults }) => faults.missing + faults.minor + faults.write_protect),
    pages_poisoned: ofStats((stats) => stats.pages_poisoned),
    steps: sum(({ steps }) => steps),
    steps_served: sum(({ served }) => served),
    bytes_checked: sum(({ bytesChecked }) => bytesChecked),
    additions: run.additions,
    calls_refused: sum(({ refused }) => refused),
    stall_ms_median: stallMedian,
    stall_ms_max: killStalls.length > 0 ? Math.max(...killStalls) : null,
    start_ms_median: startMedian,
    stall_per_start: stallMedian === null ? null : stallMedian / startMedian,
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
      return [name, { count: ms.length, ms_median: median(ms), ms_max: Math.max(...ms) }]
    }),
  )
}

const total = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0)

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const high = sorted[middle] ?? 0
  return sorted.length % 2 === 1 ? high : (high + (sorted[middle - 1] ?? high)) / 2
}

const describeLeak = ({ kind, before, after }: Leak): string =>
  `leaked: ${kind}: ${before} before, ${after} after`

const figure = (value: number | null, unit = ""): string =>
  value === null ? "-" : `${value.toLocaleString("en", { maximumFractionDigits: 1 })}${unit}`

/** As a table for people; `repeat` is the command that does the same again. */
export function formatReport(report: Report, repeat: string, logDirectory: string): string {
  const rows: [string, string][] = [
    ["seed", String(report.seed)],
    ["seconds", figure(report.seconds)],
    ["clients", `${report.clients}, mode ${report.mode}`],
    ["managers killed", figure(report.kills)],
    ...Object.entries(report.disturbances).map(([kind, count]): [string, string] => [
      `  disturbed by ${kind}`,
      figure(count),
    ]),
    ["faults", figure(report.faults)],
    ["bytes checked", figure(report.bytes_checked / 2 ** 20, " MiB")],
    ["additions to the board", figure(report.additions)],
    ["calls refused in hardship", figure(report.calls_refused)],
    ["start of a manager, median", figure(report.start_ms_median, " ms")],
    ["stall of a kill, median", figure(report.stall_ms_median, " ms")],
    ["stall of a kill, longest", figure(report.stall_ms_max, " ms")],
    ["stall / start", figure(report.stall_per_start)],
    ["longest step of a thread", figure(report.longest_step_ms, " ms")],
    ["wrong bytes found", figure(report.wrong_bytes)],
    ["lost clients", figure(report.lost_clients)],
    ["failures of managers", figure(report.manager_failures)],
    ["leaked descriptors", figure(report.leaked_descriptors)],
    ["leaked memfds", figure(report.leaked_memfds)],
  ]
  const width = Math.max(...rows.map(([name]) => name.length))
  const table = rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`)
  if (report.passed) return [...table, "", "passed"].join("\n")
  const findings = report.findings.slice(0, 40).map((text) => `  ${text}`)
  const again = [`the same again: ${repeat}`, `logs: ${logDirectory}`]
  return [...table, "", "FAILED", ...findings, "", ...again].join("\n")
}
