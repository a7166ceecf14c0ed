import type { Report } from "./report.js"

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
  const passed = report.finished ? "passed" : "passed as far as it came"
  if (report.passed) return [...table, "", passed].join("\n")
  const findings = report.findings.slice(0, 40).map((text) => `  ${text}`)
  const again = [`the same again: ${repeat}`, `logs: ${logDirectory}`]
  return [...table, "", "FAILED", ...findings, "", ...again].join("\n")
}

/** One line, of a run that may take an hour. */
export function formatProgress(report: Report, memoryBytes: number): string {
  const found = report.findings.length
  return [
    `chaos: ${figure(report.seconds / 60)} min`,
    `${figure(report.kills)} kills`,
    `${figure(report.faults)} faults`,
    `${figure(report.bytes_checked / 2 ** 20, " MiB")} checked`,
    `stall ${figure(report.stall_ms_median, " ms")}`,
    `start ${figure(report.start_ms_median, " ms")}`,
    found === 0 ? "nothing found" : `${found} found`,
    `${figure(memoryBytes / 2 ** 20, " MiB")} of memory`,
  ].join(", ")
}
