/** A pause is for so many milliseconds' worth of frames, so that timers stay few. */
const pauseMs = 5

/**
 * How fast one client's frames are taken: so many at once, so many a second from then on. Frames
 * that come too fast are not lost: their socket is not read for a while, and the kernel stops their
 * sender when it is full.
 */
export class FrameBucket {
  private tokens: number
  private filledAtMs: number

  constructor(
    private readonly perSecond: number,
    private readonly burst: number,
    private readonly nowMs: () => number = () => performance.now(),
  ) {
    this.tokens = burst
    this.filledAtMs = nowMs()
  }

  /** To be called for each frame. How long no further one may be taken, in milliseconds. */
  take(): number {
    const nowMs = this.nowMs()
    const earned = ((nowMs - this.filledAtMs) * this.perSecond) / 1_000
    this.tokens = Math.min(this.burst, this.tokens + earned) - 1
    this.filledAtMs = nowMs
    if (this.tokens >= 0) return 0
    const batch = Math.min(this.burst, Math.max(1, (this.perSecond * pauseMs) / 1_000))
    return Math.ceil(((batch - this.tokens) * 1_000) / this.perSecond)
  }
}
