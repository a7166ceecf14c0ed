import type { SourceLimits } from "../config.js"
import { Breaker, type SourceState } from "./breaker.js"
import { type Batch, type Fill, FillLane } from "./fill_lane.js"
import type { PageSource } from "./page_source.js"
import { failureOf } from "./source_answer.js"
import { SourceReader } from "./source_reader.js"

/** Where bytes and failures go: the engine. */
export interface FillSink {
  completeFill(fill: number, bytes: Uint8Array): void
  /** `attempts` have failed by now, those of the pages' earlier fills included. */
  failFill(fill: number, reason: string, attempts: number): void
}

/** One attempt that failed. `isFinal`: it was of a single page, and no other follows. */
export interface ReadFailure {
  readonly reason: string
  readonly batch: Batch
  readonly isFinal: boolean
}

/** How a page source does, and why, when it has begun to do otherwise. */
export interface SourceChange {
  readonly state: SourceState
  readonly reason: string
}

/** Who hears how a page source does. */
export interface SourceObserver {
  onReadFailure(failure: ReadFailure): void
  onChange(change: SourceChange): void
}

/** A page source at this moment. */
export interface SourceHealth {
  readonly state: SourceState
  /** Reads that failed, each attempt counted. */
  readonly readFailures: number
  /** How often it was left alone. */
  readonly opened: number
  readonly readsInFlight: number
  readonly readsAbandoned: number
}

/** One read under way. */
interface Reading {
  readonly abort: AbortController
  readonly isBulk: boolean
  readonly isProbe: boolean
}

const pageBytes = 4096

/**
 * Reads what one image wants from its page source. Demand goes ahead of bulk, and bulk never takes
 * the last places. A read that fails is tried again after a pause, each of its fills by itself, so
 * that bytes that cannot be had cost none of their neighbours. While the source is left alone,
 * demand waits for it, each fill to its deadline, and bulk fails. The engine bounds how many fills
 * there are.
 */
export class FillQueue {
  /** Not answered yet, whether they wait, are read or have a pause. In the order of deadlines. */
  private readonly open = new Map<number, Fill>()
  private readonly demand = new FillLane()
  private readonly bulk = new FillLane()
  private readonly readings = new Map<Batch, Reading>()
  private readonly pauses = new Map<Fill, NodeJS.Timeout>()
  private readonly reader: SourceReader
  private readonly breaker: Breaker
  private readonly bulkInFlightMax: number
  private deadline: NodeJS.Timeout | undefined
  private reportedState: SourceState = "ok"
  private readFailures = 0
  /** Of the last failure. */
  private reason = "none"
  private isClosed = false

  constructor(
    source: PageSource,
    private readonly sink: FillSink,
    private readonly limits: SourceLimits,
    private readonly observer: SourceObserver,
  ) {
    const keptForDemand = Math.ceil(limits.readsInFlightMax / 4)
    this.bulkInFlightMax = Math.max(1, limits.readsInFlightMax - keptForDemand)
    this.reader = new SourceReader(source, limits, () => this.goOn("a read has ended at last"))
    this.breaker = new Breaker(limits, () => this.startReads())
  }

  health(): SourceHealth {
    return {
      state: this.state,
      readFailures: this.readFailures,
      opened: this.breaker.opened,
      readsInFlight: this.readings.size,
      readsAbandoned: this.reader.abandoned,
    }
  }

  /** `attempts` have failed at these pages when they were part of another fill. */
  push({ attempts, ...wanted }: Omit<Fill, "attempt" | "dueMs"> & { attempts: number }): void {
    if (this.isClosed) {
      this.sink.failFill(wanted.fill, "the image is gone", attempts)
      return
    }
    const dueMs = performance.now() + this.limits.deadlineMs
    const fill = { ...wanted, attempt: attempts + 1, dueMs }
    this.open.set(fill.fill, fill)
    this.laneOf(fill).add(fill)
    this.watchDeadline()
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
    this.isClosed = true
    this.breaker.close()
    this.forgetDeadline()
    for (const pause of this.pauses.values()) clearTimeout(pause)
    this.pauses.clear()
    this.demand.clear()
    this.bulk.clear()
    for (const { abort } of this.readings.values()) abort.abort(new Error("the image is gone"))
    // The engine keeps the image for as long as it is owed an answer.
    for (const { fill, attempt } of this.open.values()) {
      this.sink.failFill(fill, "the image is gone", attempt - 1)
    }
    this.open.clear()
  }

  private get state(): SourceState {
    return this.reader.isStuck ? "open" : this.breaker.state
  }

  private laneOf(fill: Fill): FillLane {
    return fill.isDemand ? this.demand : this.bulk
  }

  private startReads(): void {
    if (this.isClosed) return
    while (this.readings.size < this.limits.readsInFlightMax) {
      const admission = this.reader.isStuck ? "none" : this.breaker.admission
      if (admission === "none") this.failBulk()
      if (admission === "none" || admission === "after_probe") return
      const batch = this.takeBatch(admission === "probe" ? 0 : this.limits.readBytesMax)
      if (batch === undefined) return
      void this.read(batch)
    }
  }

  private takeBatch(bytesMax: number): Batch | undefined {
    const wanted = this.demand.takeBatch(bytesMax)
    if (wanted !== undefined || this.bulkInFlight() >= this.bulkInFlightMax) return wanted
    return this.bulk.takeBatch(bytesMax)
  }

  private bulkInFlight(): number {
    let count = 0
    for (const { isBulk } of this.readings.values()) count += isBulk ? 1 : 0
    return count
  }

  /** Nobody is blocked on these: better they hear now than wait for a source that is left alone. */
  private failBulk(): void {
    const reason = `its page source is left alone for now: ${this.reason}`
    for (let batch = this.bulk.takeBatch(0); batch !== undefined; batch = this.bulk.takeBatch(0)) {
      for (const fill of batch.fills) this.giveUp(fill, reason)
    }
  }

  /** Holds a place until the source has answered; a pause before the next attempt holds none. */
  private async read(batch: Batch): Promise<void> {
    const isBulk = batch.fills.every((fill) => !fill.isDemand)
    const reading = { abort: new AbortController(), isBulk, isProbe: this.breaker.start() }
    this.readings.set(batch, reading)
    // In one go from the check of the bytes to the copy of them, for they are the source's.
    await this.reader
      .read(batch, reading.abort)
      .then((answer) => this.end(batch, () => this.reader.bytesOf(batch, answer)))
      .catch((thrown) => this.fail(batch, reading, failureOf(thrown)))
    this.startReads()
  }

  /** Throws what `bytesOf` does. */
  private end(batch: Batch, bytesOf: () => Uint8Array): void {
    if (this.isClosed) return
    const bytes = bytesOf()
    this.readings.delete(batch)
    this.breaker.succeed()
    this.noteState("it answers again")
    for (const fill of batch.fills) {
      if (!this.settle(fill)) continue
      const start = fill.offsetBytes - batch.offsetBytes
      this.sink.completeFill(fill.fill, bytes.subarray(start, start + fill.lengthBytes))
    }
  }

  private fail(batch: Batch, { isProbe }: Reading, reason: string): void {
    if (this.isClosed) return
    this.readings.delete(batch)
    this.readFailures += 1
    this.reason = reason
    this.breaker.fail(isProbe)
    this.retryOrGiveUp(batch, reason)
    this.noteState(reason)
  }

  private retryOrGiveUp(batch: Batch, reason: string): void {
    const isFinal = batch.fills.length === 1 && batch.fills.every((fill) => this.isLast(fill))
    const isPage = batch.lengthBytes <= pageBytes
    this.observer.onReadFailure({ reason, batch, isFinal: isFinal && isPage })
    for (const fill of batch.fills) {
      if (!this.open.has(fill.fill)) continue
      fill.failure = reason
      if (isFinal) this.giveUp(fill, reason, fill.attempt)
      else this.retryAfterPause(fill)
    }
  }

  /**
   * Whether the fill's own attempts end with this one. Of a longer range that threads are blocked
   * on it is the only one: the engine knows which pages they want, and asks for each alone.
   */
  private isLast({ attempt, isDemand, lengthBytes }: Fill): boolean {
    return attempt >= this.limits.attemptsMax || (isDemand && lengthBytes > pageBytes)
  }

  /** `attempts`: those that have failed. */
  private giveUp(fill: Fill, reason: string, attempts = fill.attempt - 1): void {
    this.demand.remove(fill)
    this.bulk.remove(fill)
    clearTimeout(this.pauses.get(fill))
    this.pauses.delete(fill)
    this.settle(fill)
    this.sink.failFill(fill.fill, reason, attempts)
  }

  /** False when it has been answered before. */
  private settle({ fill }: Fill): boolean {
    const wasOpen = this.open.delete(fill)
    if (this.open.size === 0) this.forgetDeadline()
    return wasOpen
  }

  private retryAfterPause(fill: Fill): void {
    const pause = setTimeout(() => {
      this.pauses.delete(fill)
      fill.attempt += 1
      this.laneOf(fill).add(fill)
      this.startReads()
    }, this.pauseMs(fill.attempt))
    this.pauses.set(fill, pause)
  }

  /** All of it is left to chance, so that many that failed together part. */
  private pauseMs(attempt: number): number {
    const { backoffMs, backoffMaxMs } = this.limits
    return Math.random() * Math.min(backoffMs * 2 ** (attempt - 1), backoffMaxMs)
  }

  private forgetDeadline(): void {
    clearTimeout(this.deadline)
    this.deadline = undefined
  }

  private watchDeadline(): void {
    const [oldest] = this.open.values()
    if (this.deadline !== undefined || oldest === undefined) return
    const leftMs = Math.max(0, oldest.dueMs - performance.now())
    this.deadline = setTimeout(() => this.endOverdue(), leftMs)
  }

  private endOverdue(): void {
    this.deadline = undefined
    const nowMs = performance.now()
    for (const fill of this.open.values()) {
      if (fill.dueMs > nowMs) break
      const last = fill.failure === undefined ? "" : `; the last failure: ${fill.failure}`
      this.giveUp(fill, `it had no answer within ${this.limits.deadlineMs} ms${last}`)
    }
    for (const [batch, { abort }] of this.readings) {
      if (batch.fills.some(({ fill }) => this.open.has(fill))) continue
      abort.abort(new Error("nobody waits for it any more"))
    }
    this.watchDeadline()
  }

  private goOn(reason: string): void {
    if (this.isClosed) return
    this.noteState(reason)
    this.startReads()
  }

  private noteState(reason: string): void {
    const { state, reader } = this
    if (state === this.reportedState) return
    this.reportedState = state
    const { abandoned, isStuck } = reader
    const stuck = `${abandoned} reads that it was told to end go on`
    this.observer.onChange({ state, reason: isStuck ? `${stuck}; ${reason}` : reason })
  }
}
