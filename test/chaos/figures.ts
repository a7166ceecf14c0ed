/** Figures of reports, and how people read them. */

export const total = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0)

export function median(values: readonly number[]): number | null {
  if (values.length === 0) return null
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const high = sorted[middle] ?? 0
  return sorted.length % 2 === 1 ? high : (high + (sorted[middle - 1] ?? high)) / 2
}

export const most = (values: readonly number[]): number | null =>
  values.length > 0 ? Math.max(...values) : null

export const figure = (value: number | null, unit = ""): string =>
  value === null ? "-" : `${value.toLocaleString("en", { maximumFractionDigits: 1 })}${unit}`

export const mebibytes = (bytes: number): string => figure(bytes / 2 ** 20, " MiB")

const findingsMax = 40

/** What every report for people is: rows, and how the run ended. */
export function formatTable(
  rows: readonly (readonly [string, string])[],
  report: { passed: boolean; finished: boolean; findings: readonly string[] },
  repeat: string,
  logDirectory: string,
): string {
  const width = Math.max(...rows.map(([name]) => name.length))
  const table = rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`)
  const passed = report.finished ? "passed" : "passed as far as it came"
  if (report.passed) return [...table, "", passed].join("\n")
  const findings = report.findings.slice(0, findingsMax).map((text) => `  ${text}`)
  const again = [`the same again: ${repeat}`, `logs: ${logDirectory}`]
  return [...table, "", "FAILED", ...findings, "", ...again].join("\n")
}
