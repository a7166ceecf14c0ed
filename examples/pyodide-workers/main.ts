import type { Daemon } from "../demo/daemon/daemon.js"
import { startDaemon } from "../demo/daemon/start.js"
import { prepareImage } from "../demo/images/cache.js"
import type { PreparedImage } from "../demo/images/recipe.js"
import { interruptionBySignals, reportFailure } from "../demo/interruption.js"
import { measureWave } from "../demo/measure/outcome.js"
import { Progress } from "../demo/output/progress.js"
import { runWave } from "../demo/workers/wave.js"
import { type Options, parseOptions } from "./options.js"
import { asJson, formatReport, type StartOutcome } from "./report.js"
import { type SnapshotFacts, snapshotRecipe } from "./snapshot.js"
import { startsOf } from "./starts.js"

async function main(options: Options): Promise<void> {
  const progress = new Progress(process.stderr)
  const interruption = interruptionBySignals()
  const { signal } = interruption
  const daemon = await startDaemon(progress, interruption)
  try {
    const directory = options.cacheDirectory
    const cacheOptions = { directory, isFresh: false, progress, signal }
    const image = await prepareImage(snapshotRecipe, cacheOptions)
    const outcomes = await runStarts(options, { daemon, image, progress, signal })
    console.log(
      options.isJson
        ? JSON.stringify(asJson(image, outcomes))
        : formatReport(image, outcomes, options.workers),
    )
  } finally {
    await daemon.stop()
  }
}

interface Stage {
  readonly daemon: Daemon
  readonly image: PreparedImage<SnapshotFacts>
  readonly progress: Progress
  readonly signal: AbortSignal
}

/** All workers at once, one way after another. Throws as soon as an answer is wrong. */
async function runStarts({ workers, modes }: Options, stage: Stage): Promise<StartOutcome[]> {
  const { daemon, progress, signal } = stage
  const program = new URL("./worker.js", import.meta.url)
  const outcomes: StartOutcome[] = []
  for (const start of startsOf(modes)) {
    const image = { ...stage.image, name: await start.register(daemon, stage.image) }
    const title = `pyodide: workers, ${start.title}`
    const { way, mode } = start
    const { socket } = daemon
    const outcome = await runWave(
      { program, title, way, mode, workers, socket, image, progress, signal },
      (answered) => measureWave(way, image.name, answered, daemon),
    )
    outcomes.push({ title: start.title, outcome })
  }
  return outcomes
}

const options = parseOptions(process.argv)
main(options).catch((error: unknown) => reportFailure("pyodide-workers", options.isJson, error))
