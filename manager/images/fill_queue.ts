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

/**
 * Reads what one image wants from its page source. Demand goes ahead of bulk, and bulk never takes
 * the last places. A read that fails is tried again after a pause, each of its fills by itself, so
 * that bytes that cannot be had cost none of their neighbours. The engine bounds how many fills
 * there are.
 */
export class FillQueue {
  /** Not answered yet, whether they wait, are read or have a pause. */
  private readonly open = new Map<number, Fill>()
  private readonly demand = new FillLane()
  private readonly bulk = new FillLane()
  private readonly unwanted = new AbortController()
  private readonly pauses = new Set<NodeJS.Timeout>()
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

  push(wanted: Omit<Fill, "attempt">): void {
    if (this.unwanted.signal.aborted) {
      this.sink.failFill(wanted.fill, reasonOf(this.unwanted.signal.reason))
      return
    }
    const fill = { ...wanted, attempt: 1 }
    this.open.set(fill.fill, fill)
    this.laneOf(fill).add(fill)
    // Fills that come together are adjacent more often than not: let the others of this turn
    // arrive first.
    queueMicrotask(() => this.startReads())
  }

  /** A thread has come to be blocked on a fill that was bulk. */
  raise(number: number): void {
    const fill = this.open.get(number)
    if (fill === undefined) return
    fill.isDemand = true
    if (!this.bulk.remove(fill)) return
    this.demand.add(fill)
    this.startReads()
  }

  /** The image is gone: nobody waits for its bytes any more. */
  close(): void {
    this.unwanted.abort(new Error("the image is gone"))
    for (const pause of this.pauses) clearTimeout(pause)
    this.pauses.clear()
    this.demand.clear()
    this.bulk.clear()
    // The engine keeps the image for as long as it is owed an answer.
    for (const fill of this.open.keys()) this.sink.failFill(fill, "the image is gone")
    this.open.clear()
  }

  private laneOf(fill: Fill): FillLane {
    return fill.isDemand ? this.demand : this.bulk
  }

  private startReads(): void {
    while (this.readsInFlight < this.limits.readsInFlightMax) {
      const batch = this.takeBatch()
      if (batch === undefined) return
      void this.read(batch)
    }
  }

  private takeBatch(): Batch | undefined {
    const { readBytesMax } = this.limits
    const wanted = this.demand.takeBatch(readBytesMax)
    if (wanted !== undefined || this.bulkInFlight >= this.bulkInFlightMax) return wanted
    return this.bulk.takeBatch(readBytesMax)
  }

  /** Holds a place until the source has answered; a pause before the next attempt holds none. */
  private async read(batch: Batch): Promise<void> {
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
    if (typeof outcome === "string") this.retryOrFail(batch, outcome)
    else this.complete(batch, outcome)
    this.startReads()
  }

  private complete({ fills, offsetBytes }: Batch, bytes: Uint8Array): void {
    for (const { fill, offsetBytes: wantedBytes, lengthBytes } of fills) {
      const start = wantedBytes - offsetBytes
      this.open.delete(fill)
      this.sink.completeFill(fill, bytes.subarray(start, start + lengthBytes))
    }
  }

  private retryOrFail(batch: Batch, reason: string): void {
    const [first] = batch.fills
    const isAlone = batch.fills.length === 1
    // One of several may be at fault for all: each gets an attempt of its own before it is given
    // up.
    const isFinal = isAlone && first !== undefined && first.attempt >= this.limits.attemptsMax
    this.onReadFailure({ reason, batch, isFinal })
    for (const fill of batch.fills) {
      if (isFinal) this.fail(fill, reason)
      else this.retryAfterPause(fill)
    }
  }

  private fail({ fill }: Fill, reason: string): void {
    this.open.delete(fill)
    this.sink.failFill(fill, reason)
  }

  private retryAfterPause(fill: Fill): void {
    const pause = setTimeout(() => {
      this.pauses.delete(pause)
      fill.attempt += 1
      this.laneOf(fill).add(fill)
      this.startReads()
    }, this.pauseMs(fill.attempt))
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
