/** npm run chaos: kills managers and clients, and checks every byte. --help says all. */
import { runToExit, type Way } from "./command.js"
import { guests } from "./guests/way.js"
import { helpText } from "./help.js"
import { type Options, readOptions } from "./options.js"
import type { Report } from "./report.js"
import { formatProgress, formatReport } from "./report_text.js"
import { Run } from "./run.js"

const clients: Way<Options, Report> = {
  helpText,
  readOptions,
  begin: (options, tell) => new Run(options, tell),
  formatReport,
  formatProgress,
}

const args = process.argv.slice(2)
await (args.includes("--guest") ? runToExit(guests, args) : runToExit(clients, args))
