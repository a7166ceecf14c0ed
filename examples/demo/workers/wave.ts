import type { Mode } from "pagerd"
import type { PreparedImage } from "../images/recipe.js"
import type { Progress } from "../output/progress.js"
import type { Way, WorkerResult } from "./messages.js"
import { WorkerProcess } from "./worker_process.js"

const prepareTimeoutMs = 60_000
const answerTimeoutMs = 180_000
const leaveTimeoutMs = 30_000

/** One way, one image, all workers at once. */
export interface WaveOptions<Facts> {
  readonly program: URL
  readonly title: string
  readonly way: Way
  /** Asked of pagerd; "auto" unless named. */
  readonly mode?: Mode
  readonly workers: number
  readonly socket: string
  /** Its `name` is the one that the manager knows it by. */
  readonly image: PreparedImage<Facts>
  readonly progress: Progress
  readonly signal: AbortSignal
}

/** A worker that answered everything rightly and is still there. */
export interface AnsweredWorker {
  readonly worker: number
  readonly pid: number
  readonly result: WorkerResult
}

/**
 * Starts the workers, lets them go at the same moment, and calls `inspect` while all of them have
 * answered and none has left. Throws when one fails; none is left running either way.
 */
export async function runWave<Facts, Found>(
  options: WaveOptions<Facts>,
  inspect: (workers: readonly AnsweredWorker[]) => Promise<Found>,
): Promise<Found> {
  const { program, way, mode = "auto", socket, image } = options
  const { name, path, lengthBytes, facts } = image
  options.signal.throwIfAborted()
  const job = { way, mode, socket, image: name, path, lengthBytes, facts }
  const workers = Array.from(
    { length: options.workers },
    (_, worker) => new WorkerProcess(program, { ...job, worker }),
  )
  const endAll = (): Promise<unknown> => Promise.all(workers.map((worker) => worker.end()))
  options.signal.addEventListener("abort", endAll)
  try {
    const answered = await ask(workers, options)
    const found = await inspect(answered)
    await Promise.all(workers.map((worker) => worker.leave(leaveTimeoutMs)))
    return found
  } finally {
    options.signal.removeEventListener("abort", endAll)
    await endAll()
    options.signal.throwIfAborted()
  }
}

async function ask(
  workers: readonly WorkerProcess[],
  { progress, title }: WaveOptions<unknown>,
): Promise<AnsweredWorker[]> {
  const step = progress.begin(title, workers.length, "workers")
  try {
    await Promise.all(workers.map((worker) => worker.prepare(prepareTimeoutMs)))
    let done = 0
    return await Promise.all(
      workers.map(async (process, worker) => {
        const result = await process.go(answerTimeoutMs)
        step.update(++done)
        return { worker, pid: process.pid, result }
      }),
    )
  } finally {
    step.end()
  }
}
