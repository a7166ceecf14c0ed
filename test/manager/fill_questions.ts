import type { SourceLimits } from "../../manager/config.js"
import type { ReadFailure } from "../../manager/images/fill_queue.js"
import { FillQueue } from "../../manager/images/fill_queue.js"
import type { PageSource } from "../../manager/images/page_source.js"
import { retryUntil } from "../harness/retry.js"

export const page = 4096

const limits: SourceLimits = {
  attemptsMax: 3,
  backoffMs: 1,
  backoffMaxMs: 4,
  readDeadlineMs: 10_000,
  readsInFlightMax: 16,
  readBytesMax: 1 << 20,
}

/** A fill queue with a stand-in for the engine: what it would be told is kept here. */
export class FillQuestions {
  readonly completed = new Map<number, Uint8Array>()
  readonly failed = new Map<number, string>()
  readonly failures: ReadFailure[] = []
  readonly queue: FillQueue
  private lastFill = 0

  constructor(source: PageSource, differing: Partial<SourceLimits> = {}) {
    const engine = {
      completeFill: (fill: number, bytes: Uint8Array) => this.completed.set(fill, bytes.slice()),
      failFill: (fill: number, reason: string) => this.failed.set(fill, reason),
    }
    this.queue = new FillQueue(source, engine, { ...limits, ...differing }, (failure) =>
      this.failures.push(failure),
    )
  }

  /** Asks for pages as the engine would. Returns the fill's number. */
  ask(firstPage: number, pages: number, isDemand = true): number {
    this.lastFill += 1
    const offsetBytes = firstPage * page
    this.queue.push({ fill: this.lastFill, offsetBytes, lengthBytes: pages * page, isDemand })
    return this.lastFill
  }

  untilAnswered(fills: number): Promise<unknown> {
    return retryUntil(`${fills} answers`, 10_000, () => {
      return this.completed.size + this.failed.size >= fills
    })
  }
}
