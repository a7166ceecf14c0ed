import type { FileResult } from "./run_file.js"
import { addTotals, type Totals } from "./totals.js"

const slowestShown = 5

const seconds = (durationMs: number): string => `${(durationMs / 1000).toFixed(1)} s`

/** What is printed when a file ends: one line, and everything it said when it failed. */
export function fileReport({
  file,
  totals,
  skips,
  problem,
  durationMs,
  output,
}: FileResult): string {
  const verdict = totals.failed > 0 ? "FAIL" : totals.skipped > 0 ? "skip" : "ok"
  const line = `${verdict.padEnd(4)} ${seconds(durationMs).padStart(8)}  ${file.name}`
  if (totals.failed === 0)
    return [line, ...skips.map((reason) => `     skipped: ${reason}`)].join("\n")
  return [line, ...indent(output), ...(problem ? indent(`PROBLEM: ${problem}`) : [])].join("\n")
}

const indent = (text: string): string[] =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => `     | ${line}`)

/** What is printed at the end. Its last line is a contract: `N passed, N failed, N skipped`. */
export function closingReport(results: readonly FileResult[]): string {
  const slowest = [...results].sort((a, b) => b.durationMs - a.durationMs).slice(0, slowestShown)
  const failed = results.filter(({ totals }) => totals.failed > 0)
  const lines = ["", `slowest: ${slowest.map(describeDuration).join(", ")}`]
  for (const { file, skips } of results) {
    lines.push(...skips.map((reason) => `skipped: ${file.name}: ${reason}`))
  }
  if (failed.length > 0) lines.push(`failed: ${failed.map(({ file }) => file.name).join(", ")}`)
  lines.push(totalsLine(addTotals(results.map(({ totals }) => totals))))
  return lines.join("\n")
}

const describeDuration = ({ file, durationMs }: FileResult): string =>
  `${file.name} ${seconds(durationMs)}`

export const totalsLine = ({ passed, failed, skipped }: Totals): string =>
  `${passed} passed, ${failed} failed, ${skipped} skipped`

/** The same for machines, in the file that `--json` names. */
export function jsonReport(results: readonly FileResult[], node: string): string {
  const files = results.map(({ file, totals, skips, problem, durationMs }) => ({
    name: file.name,
    ...totals,
    skips,
    problem: problem ?? null,
    duration_ms: Math.round(durationMs),
  }))
  const totals = addTotals(results.map((result) => result.totals))
  return `${JSON.stringify({ node, ...totals, files }, null, 2)}\n`
}
