/** Of the thread's time, while somebody else wants some too. */
const share = 0.4
/** What may be taken in one go. */
const burstMs = 20

/**
 * How much of the JS thread's time the frames of one user take, over all their connections: with a
 * bucket for each connection alone, a user would only have to open more of them. JS thread.
 */
export class TimeShare {
  private debtMs = 0
  private settledAtMs: number

  constructor(private readonly nowMs: () => number = () => performance.now()) {
    this.settledAtMs = nowMs()
  }

  /** A frame has taken so long. How long the next one of that user is better left where it is. */
  spend(tookMs: number): number {
    const nowMs = this.nowMs()
    this.debtMs = Math.max(0, this.debtMs - (nowMs - this.settledAtMs) * share) + tookMs
    this.settledAtMs = nowMs
    return this.debtMs <= burstMs ? 0 : Math.ceil(this.debtMs / share)
  }
}
