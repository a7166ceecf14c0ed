import { figure, formatTable, mebibytes } from "./figures.js"
import type { Report } from "./report.js"

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
    ["bytes checked", mebibytes(report.bytes_checked)],
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
  return formatTable(rows, report, repeat, logDirectory)
}

/** One line, of a run that may take an hour. */
export function formatProgress(report: Report, memoryBytes: number): string {
  const found = report.findings.length
  return [
    `chaos: ${figure(report.seconds / 60)} min`,
    `${figure(report.kills)} kills`,
    `${figure(report.faults)} faults`,
    `${mebibytes(report.bytes_checked)} checked`,
    `stall ${figure(report.stall_ms_median, " ms")}`,
    `start ${figure(report.start_ms_median, " ms")}`,
    found === 0 ? "nothing found" : `${found} found`,
    `${mebibytes(memoryBytes)} of memory`,
  ].join(", ")
}
