/** npm run chaos: kills managers and clients, and checks every byte. --help says all. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { helpText } from "./help.js"
import { type Options, readOptions } from "./options.js"
import { formatReport } from "./report.js"
import { Run } from "./run.js"

const usageError = 2

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

const options = optionsOrExit()
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130))
const run = new Run(options, (text) => {
  if (!options.quiet) console.log(text)
})
const logs = join(run.directory, "logs")
const report = await run.toEnd().catch((error) => {
  console.error(error)
  console.error(`the run did not come to its end: ${repetition(options)}; logs: ${logs}`)
  process.exit(1)
})
console.log(formatReport(report, repetition(options), logs))
if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`)
process.exit(report.passed ? 0 : 1)
