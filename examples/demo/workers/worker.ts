import { performance } from "node:perf_hooks"
import { quantile } from "../output/units.js"
import type { FromWorker, Job, RegionFigures, ToWorker, WorkerResult } from "./messages.js"

/** An image in place: it answers questions until it is closed. */
export interface Placed {
  /** Undefined without pagerd. */
  readonly region: RegionFigures | undefined
  readonly questions: number
  /** Asks question `index`, and throws unless the answer is right. */
  ask(index: number): void
  close(): Promise<void>
}

/** Loads what is needed whichever way the image comes, and returns what puts it in place. */
export type Prepare<Facts> = (job: Job<Facts>) => Promise<() => Promise<Placed>>

/** Makes this process a worker of the demo. */
export function runWorker<Facts>(prepare: Prepare<Facts>): void {
  let place: (() => Promise<Placed>) | undefined
  let placed: Placed | undefined

  const obey = async (message: ToWorker): Promise<void> => {
    if (message.type === "prepare") {
      place = await prepare(message.job as Job<Facts>)
      await tell({ type: "ready" })
    } else if (message.type === "go" && place !== undefined) {
      const started = performance.now()
      placed = await place()
      await tell({ type: "done", result: askAll(placed, started) })
    } else {
      await placed?.close()
      await tell({ type: "left" })
      process.disconnect()
    }
  }
  process.on("message", (message: ToWorker) => {
    obey(message).catch(async (error: unknown) => {
      await tell({ type: "failed", message: error instanceof Error ? error.message : `${error}` })
      process.exit(1)
    })
  })
  // The demo is gone: nobody waits for an answer any more.
  process.on("disconnect", () => process.exit())
}

function askAll(placed: Placed, started: number): WorkerResult {
  const placedMs = performance.now() - started
  const questionsUs: number[] = []
  let firstAnswerMs = 0
  let before = performance.now()
  for (let index = 0; index < placed.questions; index++) {
    placed.ask(index)
    const now = performance.now()
    if (index === 0) firstAnswerMs = now - started
    questionsUs.push((now - before) * 1000)
    before = now
  }
  return {
    placedMs,
    firstAnswerMs,
    allAnswersMs: performance.now() - started,
    questions: placed.questions,
    questionUsP50: quantile(questionsUs, 0.5),
    questionUsP99: quantile(questionsUs, 0.99),
    region: placed.region,
  }
}

function tell(message: FromWorker): Promise<void> {
  return new Promise((resolve, reject) => {
    process.send?.(message, (error: Error | null) => (error === null ? resolve() : reject(error)))
  })
}
