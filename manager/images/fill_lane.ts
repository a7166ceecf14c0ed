/** Bytes that the engine waits for. */
export interface Fill {
  /** The engine's number. */
  readonly fill: number
  readonly offsetBytes: number
  readonly lengthBytes: number
  /** Whether a thread is blocked on them; that may come to be so while they wait here. */
  isDemand: boolean
  /** Counted from 1. After the first it is read by itself. */
  attempt: number
  /** When it is given up, as performance.now() counts. */
  readonly dueMs: number
  /** Why the last attempt failed. */
  failure?: string
}

/** Adjacent fills that are read in one go, in the order of their offsets. */
export interface Batch {
  readonly fills: readonly Fill[]
  readonly offsetBytes: number
  readonly lengthBytes: number
}

/**
 * Fills that wait to be read: first come, first served, and each takes those adjacent to it along.
 */
export class FillLane {
  /** In the order they came. */
  private readonly waiting = new Set<Fill>()
  private readonly byStart = new Map<number, Fill>()
  private readonly byEnd = new Map<number, Fill>()

  add(fill: Fill): void {
    this.waiting.add(fill)
    if (fill.attempt > 1) return
    this.byStart.set(fill.offsetBytes, fill)
    this.byEnd.set(endOf(fill), fill)
  }

  /** Takes one out. False when it does not wait here. */
  remove(fill: Fill): boolean {
    if (!this.waiting.delete(fill)) return false
    if (this.byStart.get(fill.offsetBytes) === fill) this.byStart.delete(fill.offsetBytes)
    if (this.byEnd.get(endOf(fill)) === fill) this.byEnd.delete(endOf(fill))
    return true
  }

  /**
   * The oldest fill and its neighbours on both sides, together at most `bytesMax` unless one alone
   * is longer.
   */
  takeBatch(bytesMax: number): Batch | undefined {
    const [oldest] = this.waiting
    if (oldest === undefined) return undefined
    this.remove(oldest)

    const fills = [oldest]
    let start = oldest.offsetBytes
    let end = endOf(oldest)
    if (oldest.attempt > 1) return { fills, offsetBytes: start, lengthBytes: end - start }
    const fits = (neighbour: Fill | undefined): neighbour is Fill =>
      neighbour !== undefined && end - start + neighbour.lengthBytes <= bytesMax

    for (let next = this.byStart.get(end); fits(next); next = this.byStart.get(end)) {
      this.remove(next)
      fills.push(next)
      end = endOf(next)
    }
    for (let previous = this.byEnd.get(start); fits(previous); previous = this.byEnd.get(start)) {
      this.remove(previous)
      fills.unshift(previous)
      start = previous.offsetBytes
    }
    return { fills, offsetBytes: start, lengthBytes: end - start }
  }

  clear(): void {
    this.waiting.clear()
    this.byStart.clear()
    this.byEnd.clear()
  }
}

function endOf(fill: Fill): number {
  return fill.offsetBytes + fill.lengthBytes
}
