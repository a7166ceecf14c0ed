import type { SourceLimits } from "../../manager/config.js"
import type { ReadFailure, SourceChange } from "../../manager/images/fill_queue.js"
import { FillQueue } from "../../manager/images/fill_queue.js"
import type { PageSource } from "../../manager/images/page_source.js"
import { retryUntil } from "../harness/retry.js"

export const page = 4096

const limits: SourceLimits = {
  attemptsMax: 3,
  backoffMs: 1,
  backoffMaxMs: 4,
  readTimeoutMs: 10_000,
  deadlineMs: 20_000,
  readsInFlightMax: 16,
  readBytesMax: 1 << 20,
  abandonedReadsMax: 16,
  breakerFailures: 100,
  breakerOpenMs: 1,
}

export type Differing = Partial<SourceLimits>

/** A fill queue with a stand-in for the engine: what it would be told is kept here. */
export class FillQuestions {
  readonly completed = new Map<number, Uint8Array>()
  readonly failed = new Map<number, string>()
  /** How many attempts had failed when a fill did. */
  readonly attempts = new Map<number, number>()
  readonly failures: ReadFailure[] = []
  readonly changes: SourceChange[] = []
  readonly queue: FillQueue
  private lastFill = 0

  constructor(source: PageSource, differing: Differing = {}) {
    const engine = {
      completeFill: (fill: number, bytes: Uint8Array) => this.completed.set(fill, bytes.slice()),
      failFill: (fill: number, reason: string, attempts: number) => {
        this.failed.set(fill, reason)
        this.attempts.set(fill, attempts)
      },
    }
    this.queue = new FillQueue(
      source,
      engine,
      { ...limits, ...differing },
      {
        onReadFailure: (failure) => this.failures.push(failure),
        onChange: (change) => this.changes.push(change),
      },
    )
  }

  /** Asks for pages as the engine would. Returns the fill's number. */
  ask(firstPage: number, pages: number, isDemand = true, attempts = 0): number {
    return this.askBytes(firstPage * page, pages * page, isDemand, attempts)
  }

  askBytes(offsetBytes: number, lengthBytes: number, isDemand = true, attempts = 0): number {
    this.lastFill += 1
    const range = { offsetBytes, lengthBytes }
    this.queue.push({ fill: this.lastFill, ...range, isDemand, attempts })
    return this.lastFill
  }

  untilAnswered(fills: number): Promise<unknown> {
    return retryUntil(`${fills} answers`, 10_000, () => {
      return this.completed.size + this.failed.size >= fills
    })
  }
}
