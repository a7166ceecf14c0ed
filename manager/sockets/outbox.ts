import type { SeqpacketConnection } from "./native.js"

/**
 * How sending went: `overflow` when the client lets too much lie unread, `gone` when nobody is
 * there to read.
 */
export type Posted = "posted" | "overflow" | "gone"

interface Parcel {
  readonly frame: Uint8Array
  /** -1: none. It stays the manager's. */
  readonly descriptor: number
}

/**
 * Frames on their way to one client, in order. They go at once while it reads, and wait here, so
 * many, while not.
 */
export class Outbox {
  private readonly waiting: Parcel[] = []
  private onEmpty: (() => void) | undefined

  constructor(
    private readonly connection: Pick<SeqpacketConnection, "send" | "awaitWritable">,
    private readonly framesMax: number,
  ) {}

  get length(): number {
    return this.waiting.length
  }

  post(frame: Uint8Array, descriptor = -1): Posted {
    if (this.waiting.length >= this.framesMax) return "overflow"
    if (this.waiting.length > 0) {
      this.waiting.push({ frame, descriptor })
      return "posted"
    }
    const sent = this.connection.send(frame, descriptor)
    if (sent === "gone") return "gone"
    if (sent === "would_block") {
      this.waiting.push({ frame, descriptor })
      this.connection.awaitWritable()
    }
    return "posted"
  }

  /** The connection takes frames again. */
  resume(): void {
    for (let next = this.waiting[0]; next !== undefined; next = this.waiting[0]) {
      const sent = this.connection.send(next.frame, next.descriptor)
      if (sent === "would_block") {
        this.connection.awaitWritable()
        return
      }
      // Gone: the connection's end is on its way, and what is left goes nowhere.
      this.waiting.shift()
    }
    this.onEmpty?.()
    this.onEmpty = undefined
  }

  /**
   * Calls once everything posted so far is with the kernel, which delivers it even after we have
   * closed.
   */
  whenEmpty(call: () => void): void {
    if (this.waiting.length === 0) call()
    else this.onEmpty = call
  }
}
