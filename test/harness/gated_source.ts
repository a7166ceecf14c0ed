import { patternBytes } from "./pattern.js"

/** One read that a gated source was asked for and has not answered. */
export interface HeldRead {
  readonly offset: number
  readonly length: number
  /** Aborted when the manager no longer wants the bytes. */
  readonly signal: AbortSignal
  /** Answers with the pattern, or with other bytes. */
  release(bytes?: Uint8Array): void
  fail(error: Error): void
}

/**
 * A page source that is a barrier: every read waits until the test lets it go, so that a test holds
 * the manager at the moment it wants. For a manager in the test's own process; the thread that
 * faults must be in another one.
 */
export class GatedSource {
  /** Every range asked for, in order, answered or not. */
  readonly reads: { readonly offset: number; readonly length: number }[] = []
  readonly #held: HeldRead[] = []
  readonly #takers: ((read: HeldRead) => void)[] = []
  #isOpen = false

  constructor(
    readonly length: number,
    readonly seed: number,
  ) {}

  read(offset: number, length: number, signal: AbortSignal): Promise<Uint8Array> {
    this.reads.push({ offset, length })
    return new Promise((resolve, reject) => {
      const release = (bytes = patternBytes(this.seed, offset, length)): void => resolve(bytes)
      if (this.#isOpen) return release()
      const read = { offset, length, signal, release, fail: reject }
      const taker = this.#takers.shift()
      if (taker) taker(read)
      else this.#held.push(read)
    })
  }

  /** The oldest read that nobody has taken yet, or the next one. The taker answers it. */
  nextRead(): Promise<HeldRead> {
    const read = this.#held.shift()
    return read ? Promise.resolve(read) : new Promise((resolve) => this.#takers.push(resolve))
  }

  /** Lets go of every read that waits and of all to come. */
  open(): void {
    this.#isOpen = true
    for (const read of this.#held.splice(0)) read.release()
  }
}
