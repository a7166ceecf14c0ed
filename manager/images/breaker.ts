import type { SourceLimits } from "../config.js"

/** As the debug socket names it. */
export type SourceState = "ok" | "failing" | "open"

/** What may be read now: anything, one read to find out, or nothing: until that one has ended. */
export type Admission = "all" | "probe" | "after_probe" | "none"

/**
 * Leaves a page source alone that has failed many times in a row, then lets one read through to see
 * whether it is back: a source that is down is not hammered, and nobody spends attempts on it in
 * vain.
 */
export class Breaker {
  private failuresInARow = 0
  private isOpen = false
  private isProbing = false
  private pause: NodeJS.Timeout | undefined
  private openedCount = 0

  constructor(
    private readonly limits: Pick<SourceLimits, "breakerFailures" | "breakerOpenMs">,
    private readonly onProbeDue: () => void,
  ) {}

  get state(): SourceState {
    if (this.isOpen) return "open"
    return this.failuresInARow === 0 ? "ok" : "failing"
  }

  get failures(): number {
    return this.failuresInARow
  }

  /** How often it opened. A probe that fails does not count again. */
  get opened(): number {
    return this.openedCount
  }

  get admission(): Admission {
    if (!this.isOpen) return "all"
    if (this.isProbing) return "after_probe"
    return this.pause === undefined ? "probe" : "none"
  }

  /** A read starts. Returns whether it is the probe, which the end of the read has to say. */
  start(): boolean {
    if (this.isOpen) this.isProbing = true
    return this.isOpen
  }

  /** Whichever read it was: the source answers. */
  succeed(): void {
    this.failuresInARow = 0
    this.isOpen = false
    this.isProbing = false
    this.stopPause()
  }

  fail(isProbe: boolean): void {
    this.failuresInARow += 1
    if (!this.isOpen && this.failuresInARow >= this.limits.breakerFailures) {
      this.openedCount += 1
      this.isOpen = true
      this.startPause()
    } else if (isProbe && this.isProbing) {
      this.isProbing = false
      this.startPause()
    }
  }

  close(): void {
    this.stopPause()
  }

  private startPause(): void {
    this.pause = setTimeout(() => {
      this.pause = undefined
      this.onProbeDue()
    }, this.limits.breakerOpenMs).unref()
  }

  private stopPause(): void {
    clearTimeout(this.pause)
    this.pause = undefined
  }
}
