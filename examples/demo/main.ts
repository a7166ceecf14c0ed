import { once } from "node:events"
import type { Daemon } from "./daemon/daemon.js"
import { OwnDaemon } from "./daemon/own_daemon.js"
import { startDaemon } from "./daemon/start.js"
import { runDemo } from "./demo.js"
import { type Options, parseOptions } from "./options.js"
import { asJson } from "./output/json.js"
import { formatKept } from "./output/kept.js"
import { Progress } from "./output/progress.js"
import { formatReport } from "./output/report.js"

/** Thrown through everything that runs when the demo is asked to stop. */
class Interrupted extends Error {}

async function main(options: Options): Promise<void> {
  const progress = new Progress(options.isJson ? process.stderr : process.stdout)
  const interruption = new AbortController()
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    // Stays in place: a second Ctrl-C must not cut short the cleaning up that the first began.
    process.on(name, () => interruption.abort(new Interrupted(`Interrupted by ${name}`)))
  }
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", () => interruption.abort(new Interrupted("Nobody reads on")))
  }
  const daemon = await startDaemon(progress, interruption)
  const { signal } = interruption
  let isLeftRunning = false
  try {
    const subjects = await runDemo({ options, daemon, progress, signal })
    const { isJson, isKept } = options
    console.log(isJson ? JSON.stringify(asJson(subjects, daemon, isKept)) : formatReport(subjects))
    if (isKept) isLeftRunning = await keep(daemon, progress, signal)
  } finally {
    if (!isLeftRunning) await daemon.stop()
  }
}

/** Returns true when the manager runs on without us. */
async function keep(daemon: Daemon, progress: Progress, signal: AbortSignal): Promise<boolean> {
  progress.say(`\n${formatKept(daemon)}`)
  if (daemon instanceof OwnDaemon) {
    daemon.leaveRunning()
    return true
  }
  // Published images last as long as their session, and that is ours.
  const idle = setInterval(() => {}, 60_000)
  if (!signal.aborted) await once(signal, "abort")
  clearInterval(idle)
  return false
}

const options = parseOptions(process.argv)
main(options).catch((error: unknown) => {
  const message = error instanceof Error ? error.message : String(error)
  process.stderr.write(`\ndemo: ${message}\n`)
  if (options.isJson) console.log(JSON.stringify({ ok: false, error: message }))
  process.exitCode = error instanceof Interrupted ? 130 : 1
})
