import { renameSync, writeFileSync } from "node:fs"
import type { RunDirectory } from "./run_directory.js"

/** What every way to run chaos is told. */
export interface CommonOptions {
  readonly seed: number
  readonly json: string | undefined
  readonly quiet: boolean
}

/** One run, from its images to its report. */
export interface ChaosRun<Report> {
  readonly directory: RunDirectory
  toEnd(): Promise<Report>
  /** As far as it has come. */
  report(): Report
  /** It goes on to an early end, in order. */
  interrupt(): void
}

/** Whom a run is about: clients, or virtual machines. */
export interface Way<Options extends CommonOptions, Report extends { readonly passed: boolean }> {
  readonly helpText: string
  /** Throws a sentence for people. Undefined when help was asked for. */
  readOptions(args: readonly string[]): Options | undefined
  begin(options: Options, tell: (text: string) => void): ChaosRun<Report>
  /** As a table for people; `repeat` is the command that does the same again. */
  formatReport(report: Report, repeat: string, logDirectory: string): string
  /** One line, of a run that may take an hour. */
  formatProgress(report: Report, memoryBytes: number): string
}

const usageError = 2
const interrupted = 130
const minuteMs = 60_000

/** Runs it as a program does: to its report, and to an exit code. */
export async function runToExit<
  Options extends CommonOptions,
  Report extends { readonly passed: boolean },
>(way: Way<Options, Report>, args: readonly string[]): Promise<never> {
  const options = optionsOrExit(way, args)
  const run = way.begin(options, (text) => {
    if (!options.quiet) console.log(text)
  })
  endOnSignals(run)
  const minutes = setInterval(() => {
    const report = run.report()
    console.error(way.formatProgress(report, process.memoryUsage.rss()))
    if (options.json !== undefined) writeReport(options.json, report)
  }, minuteMs).unref()
  const repeat = repetition(args, options.seed)
  const { logs } = run.directory
  const report = await run.toEnd().catch((error) => {
    console.error(error)
    console.error(`the run did not come to its end: ${repeat}; logs: ${logs}`)
    process.exit(1)
  })
  clearInterval(minutes)
  run.directory.isWorthKeeping = !report.passed
  console.log(way.formatReport(report, repeat, logs))
  if (options.json !== undefined) writeReport(options.json, report)
  process.exit(report.passed ? 0 : 1)
}

function optionsOrExit<Options extends CommonOptions, Report extends { readonly passed: boolean }>(
  way: Way<Options, Report>,
  args: readonly string[],
): Options {
  try {
    const options = way.readOptions(args)
    if (options !== undefined) return options
    console.log(way.helpText)
    process.exit(0)
  } catch (error) {
    console.error((error as Error).message)
    process.exit(usageError)
  }
}

/** The command of this run with its seed. */
function repetition(args: readonly string[], seed: number): string {
  const at = args.indexOf("--seed")
  const others = at === -1 ? args : args.toSpliced(at, 2)
  return ["npm run chaos --", ...others, "--seed", seed].join(" ")
}

/** Whole or not at all: somebody may read it while a run goes on. */
function writeReport(path: string, report: object): void {
  const unfinished = `${path}.new`
  writeFileSync(unfinished, `${JSON.stringify(report, null, 2)}\n`)
  renameSync(unfinished, path)
}

/** The first signal ends the run in order and early, the second at once. */
function endOnSignals(run: ChaosRun<object>): void {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      process.once(signal, () => process.exit(interrupted))
      console.error(`chaos: ${signal}: it ends, with a report`)
      run.interrupt()
    })
  }
}
