import { rejectOnAbort } from "../abort.js"
import type { SourceLimits } from "../config.js"
import { type ByteRange, checkDigests, wholeBlocks } from "./digests.js"
import type { PageSource } from "./page_source.js"
import { checkedBytes } from "./source_answer.js"

/**
 * Asks a page source, within a time, and believes it nothing. A read that was told to end and goes
 * on is abandoned: it holds memory that nobody can take from it, so there is a bound to them.
 */
export class SourceReader {
  private abandonedCount = 0

  constructor(
    private readonly source: PageSource,
    private readonly limits: Pick<SourceLimits, "readTimeoutMs" | "abandonedReadsMax">,
    private readonly onAbandonedEnd: () => void,
  ) {}

  get abandoned(): number {
    return this.abandonedCount
  }

  /** Nothing is to be read until an abandoned read ends. */
  get isStuck(): boolean {
    return this.abandonedCount >= this.limits.abandonedReadsMax
  }

  /**
   * Whatever the source answers. Rejects with what it threw, or with the reason of `abort`, which
   * is aborted here when it takes too long.
   */
  async read(range: ByteRange, abort: AbortController): Promise<unknown> {
    const { readTimeoutMs } = this.limits
    const tooLate = setTimeout(() => {
      abort.abort(new Error(`it has not answered within ${readTimeoutMs} ms`))
    }, readTimeoutMs)
    const reading = this.callRead(this.readRange(range), abort.signal)
    try {
      return await Promise.race([reading, rejectOnAbort(abort.signal)])
    } finally {
      clearTimeout(tooLate)
      if (abort.signal.aborted) this.abandon(reading)
    }
  }

  /**
   * The range's bytes out of what read() answered; throws an Error unless they are right. They are
   * the source's still, and may be others as soon as its code runs again.
   */
  bytesOf(range: ByteRange, answer: unknown): Uint8Array {
    const { digests } = this.source
    const { offsetBytes, lengthBytes } = this.readRange(range)
    let bytes = checkedBytes(answer, lengthBytes)
    if (digests !== undefined) {
      // Another thread could write to shared memory between the check and the use.
      if (bytes.buffer instanceof SharedArrayBuffer) bytes = new Uint8Array(bytes)
      checkDigests(digests, bytes, offsetBytes)
    }
    const start = range.offsetBytes - offsetBytes
    return bytes.subarray(start, start + range.lengthBytes)
  }

  private readRange(range: ByteRange): ByteRange {
    const { digests, length } = this.source
    return digests === undefined ? range : wholeBlocks(range, digests.blockBytes, length)
  }

  /** Async, so that a `read` that throws at once has failed like one that rejects. */
  private async callRead(range: ByteRange, signal: AbortSignal): Promise<unknown> {
    return this.source.read(range.offsetBytes, range.lengthBytes, signal)
  }

  private abandon(reading: Promise<unknown>): void {
    this.abandonedCount += 1
    const end = () => {
      this.abandonedCount -= 1
      this.onAbandonedEnd()
    }
    reading.then(end, end)
  }
}
