import type { Daemon } from "./daemon/daemon.js"
import { prepareImage } from "./images/cache.js"
import type { PreparedImage } from "./images/recipe.js"
import { availableBytes } from "./measure/memory.js"
import { measureWave, type Outcome } from "./measure/outcome.js"
import type { Options } from "./options.js"
import type { Progress } from "./output/progress.js"
import { mebibytes } from "./output/units.js"
import { type Subject, subjectsOf } from "./subjects.js"
import type { Way } from "./workers/messages.js"
import { runWave } from "./workers/wave.js"

/** One image and what each way came to. */
export interface SubjectOutcome {
  readonly subject: Subject
  readonly image: PreparedImage<unknown>
  readonly outcomes: readonly Outcome[]
}

/** What a run of the demo works with. `main` owns all of it. */
export interface Stage {
  readonly options: Options
  readonly daemon: Daemon
  readonly progress: Progress
  readonly signal: AbortSignal
}

/** The copies may take this part of the memory that is free: the machine has other things to do. */
const copiesShareMax = 0.5

/** Runs all subjects on a manager. Throws as soon as one worker gives a wrong answer or none. */
export async function runDemo(stage: Stage): Promise<SubjectOutcome[]> {
  const prepared: Pick<SubjectOutcome, "subject" | "image">[] = []
  for (const subject of subjectsOf(stage.options)) {
    prepared.push({ subject, image: await prepareAndRegister(subject, stage) })
  }
  const { debug } = stage.daemon
  if (debug !== undefined) {
    const command = `curl --unix-socket ${debug.path} http://localhost/v1/sessions`
    stage.progress.say(`While they run: ${command}`)
  }

  const results: SubjectOutcome[] = []
  for (const { subject, image } of prepared) {
    const outcomes: Outcome[] = []
    for (const way of subject.ways) outcomes.push(await runWay(subject, image, way, stage))
    results.push({ subject, image, outcomes })
  }
  return results
}

async function prepareAndRegister(
  { recipe }: Subject,
  { options, daemon, progress, signal }: Stage,
): Promise<PreparedImage<unknown>> {
  const { cacheDirectory: directory, isFresh } = options
  const image = await prepareImage(recipe, { directory, isFresh, progress, signal })
  return { ...image, name: await daemon.register(image.name, image.path) }
}

async function runWay(
  { program, recipe, wayNames }: Subject,
  image: PreparedImage<unknown>,
  way: Way,
  { options, daemon, progress, signal }: Stage,
): Promise<Outcome> {
  const workers = way === "copy" ? copiesThatFit(image, options.workers, progress) : options.workers
  const title = `${recipe.name}: workers, ${wayNames[way]}`
  const { socket } = daemon
  return await runWave(
    { program, title, way, workers, socket, image, progress, signal },
    (answered) => measureWave(way, image.name, answered, daemon),
  )
}

/**
 * A copy in every worker may be more than the machine has: then fewer workers get one, and we say
 * so.
 */
function copiesThatFit(
  { name, lengthBytes }: PreparedImage<unknown>,
  workers: number,
  progress: Progress,
): number {
  const spareBytes = copiesShareMax * availableBytes()
  const fitting = Math.max(1, Math.floor(spareBytes / lengthBytes))
  if (fitting >= workers) return workers
  progress.say(
    `  ${name}: ${workers} copies are ${mebibytes(workers * lengthBytes)}, half of what is free ` +
      `are ${mebibytes(spareBytes)}: ${fitting} of the workers get one`,
  )
  return fitting
}
