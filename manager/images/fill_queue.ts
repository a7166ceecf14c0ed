import type { SourceLimits } from "../config.js"
import { reasonOf } from "../errors.js"
import { type Batch, type Fill, FillLane } from "./fill_lane.js"
import { type PageSource, readExactly } from "./page_source.js"

/** Where bytes and failures go: the engine. */
export interface FillSink {
  completeFill(fill: number, bytes: Uint8Array): void
  failFill(fill: number, reason: string): void
}

/** One attempt that failed. `isFinal`: its pages are poisoned now. */
export interface ReadFailure {
  readonly reason: string
  readonly batch: Batch
  readonly isFinal: boolean
}

interface Attempt {
  readonly batch: Batch
  readonly attempt: number
}

/**
 * Reads what one image wants from its page source. Demand goes ahead of bulk, and bulk never takes
 * the last places. A read that fails is tried again after a pause, each of its fills by itself, so
 * that bytes that cannot be had cost none of their neighbours. The engine bounds how many fills
 * there are.
 */
export class FillQueue {
  private readonly demand = new FillLane()
  private readonly bulk = new FillLane()
  private readonly unwanted = new AbortController()
  private readonly pauses = new Set<NodeJS.Timeout>()
  /** Failed before, had their pause, and go ahead of all that is new. */
  private readonly rested: Attempt[] = []
  private readsInFlight = 0
  private bulkInFlight = 0
  private readonly bulkInFlightMax: number

  constructor(
    private readonly source: PageSource,
    private readonly sink: FillSink,
    private readonly limits: SourceLimits,
    private readonly onReadFailure: (failure: ReadFailure) => void,
  ) {
    const keptForDemand = Math.ceil(limits.readsInFlightMax / 4)
    this.bulkInFlightMax = Math.max(1, limits.readsInFlightMax - keptForDemand)
  }

  push(fill: Fill): void {
    if (this.unwanted.signal.aborted) return
    const lane = fill.isDemand ? this.demand : this.bulk
    lane.add(fill)
    // Fills that come together are adjacent more often than not: let the others of this turn
    // arrive first.
    queueMicrotask(() => this.startReads())
  }

  /** The image is gone: nobody waits for its bytes any more. */
  close(): void {
    this.unwanted.abort(new Error("the image is gone"))
    for (const pause of this.pauses) clearTimeout(pause)
    this.pauses.clear()
    this.rested.length = 0
    this.demand.clear()
    this.bulk.clear()
  }

  private startReads(): void {
    while (this.readsInFlight < this.limits.readsInFlightMax) {
      const next = this.nextRead()
      if (next === undefined) return
      void this.read(next.batch, next.attempt)
    }
  }

  private nextRead(): Attempt | undefined {
    const again = this.rested.shift()
    if (again !== undefined) return again
    const { readBytesMax } = this.limits
    const wanted = this.demand.takeBatch(readBytesMax)
    if (wanted !== undefined) return { batch: wanted, attempt: 1 }
    if (this.bulkInFlight >= this.bulkInFlightMax) return undefined
    const ahead = this.bulk.takeBatch(readBytesMax)
    return ahead && { batch: ahead, attempt: 1 }
  }

  /** Holds a place until the source has answered; a pause before the next attempt holds none. */
  private async read(batch: Batch, attempt: number): Promise<void> {
    const isBulk = batch.fills.every((fill) => !fill.isDemand)
    this.readsInFlight += 1
    if (isBulk) this.bulkInFlight += 1
    const { source, limits, unwanted } = this
    const outcome = await readExactly(source, batch, limits.readDeadlineMs, unwanted.signal).catch(
      reasonOf,
    )
    this.readsInFlight -= 1
    if (isBulk) this.bulkInFlight -= 1
    if (unwanted.signal.aborted) return
    if (typeof outcome === "string") this.retryOrFail(batch, attempt, outcome)
    else this.complete(batch, outcome)
    this.startReads()
  }

  private complete({ fills, offsetBytes }: Batch, bytes: Uint8Array): void {
    for (const fill of fills) {
      const start = fill.offsetBytes - offsetBytes
      this.sink.completeFill(fill.fill, bytes.subarray(start, start + fill.lengthBytes))
    }
  }

  private retryOrFail(batch: Batch, attempt: number, reason: string): void {
    // One of several may be at fault for all: each gets an attempt of its own before it is given
    // up.
    const isFinal = attempt >= this.limits.attemptsMax && batch.fills.length === 1
    this.onReadFailure({ reason, batch, isFinal })
    for (const fill of batch.fills) {
      if (isFinal) this.sink.failFill(fill.fill, reason)
      else this.restAndRetry(fill, attempt)
    }
  }

  private restAndRetry(fill: Fill, attempt: number): void {
    const { offsetBytes, lengthBytes } = fill
    const batch = { fills: [fill], offsetBytes, lengthBytes }
    const pause = setTimeout(() => {
      this.pauses.delete(pause)
      this.rested.push({ batch, attempt: attempt + 1 })
      this.startReads()
    }, this.pauseMs(attempt))
    this.pauses.add(pause)
  }

  /**
   * Doubles from attempt to attempt. Half of it is left to chance, so that many that failed
   * together part.
   */
  private pauseMs(attempt: number): number {
    const { backoffMs, backoffMaxMs } = this.limits
    const longestMs = Math.min(backoffMs * 2 ** (attempt - 1), backoffMaxMs)
    return longestMs * (0.5 + Math.random() / 2)
  }
}
