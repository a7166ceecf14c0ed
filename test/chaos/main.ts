/** npm run chaos: kills managers and clients, and checks every byte. --help says all. */
import { renameSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { helpText } from "./help.js"
import { type Options, readOptions } from "./options.js"
import type { Report } from "./report.js"
import { formatProgress, formatReport } from "./report_text.js"
import { Run } from "./run.js"

const usageError = 2
const interrupted = 130
const minuteMs = 60_000

function optionsOrExit(): Options {
  try {
    const options = readOptions(process.argv.slice(2))
    if (options !== undefined) return options
    console.log(helpText)
    process.exit(0)
  } catch (error) {
    console.error((error as Error).message)
    process.exit(usageError)
  }
}

/** The command of this run with its seed. */
function repetition({ seed }: Options): string {
  const args = process.argv.slice(2)
  const at = args.indexOf("--seed")
  const others = at === -1 ? args : args.toSpliced(at, 2)
  return ["npm run chaos --", ...others, "--seed", seed].join(" ")
}

/** Whole or not at all: somebody may read it while a run goes on. */
function writeReport(path: string, report: Report): void {
  const unfinished = `${path}.new`
  writeFileSync(unfinished, `${JSON.stringify(report, null, 2)}\n`)
  renameSync(unfinished, path)
}

/** The first signal ends the run in order and early, the second at once. */
function endOnSignals(run: Run): void {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      process.once(signal, () => process.exit(interrupted))
      console.error(`chaos: ${signal}: it ends, with a report`)
      run.interrupt()
    })
  }
}

/** On stderr once a minute, and what would be the report if that were the end. */
function tellEveryMinute(run: Run): NodeJS.Timeout {
  return setInterval(() => {
    const report = run.report()
    console.error(formatProgress(report, process.memoryUsage.rss()))
    if (options.json !== undefined) writeReport(options.json, report)
  }, minuteMs).unref()
}

const options = optionsOrExit()
const run = new Run(options, (text) => {
  if (!options.quiet) console.log(text)
})
endOnSignals(run)
const minutes = tellEveryMinute(run)
const logs = join(run.directory, "logs")
const report = await run.toEnd().catch((error) => {
  console.error(error)
  console.error(`the run did not come to its end: ${repetition(options)}; logs: ${logs}`)
  process.exit(1)
})
clearInterval(minutes)
console.log(formatReport(report, repetition(options), logs))
if (options.json !== undefined) writeReport(options.json, report)
process.exit(report.passed ? 0 : 1)
