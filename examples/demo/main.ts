import { once } from "node:events"
import type { Daemon } from "./daemon/daemon.js"
import { OwnDaemon } from "./daemon/own_daemon.js"
import { startDaemon } from "./daemon/start.js"
import { runDemo } from "./demo.js"
import { interruptionBySignals, reportFailure } from "./interruption.js"
import { type Options, parseOptions } from "./options.js"
import { asJson } from "./output/json.js"
import { formatKept } from "./output/kept.js"
import { Progress } from "./output/progress.js"
import { formatReport } from "./output/report.js"

async function main(options: Options): Promise<void> {
  const progress = new Progress(options.isJson ? process.stderr : process.stdout)
  const interruption = interruptionBySignals()
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
main(options).catch((error: unknown) => reportFailure("demo", options.isJson, error))
