import { reasonOf } from "../errors.js"
import type { SeqpacketConnection } from "./native.js"

interface Parcel {
  readonly frame: Uint8Array
  /** These stay the manager's. */
  readonly descriptors: readonly number[]
}

/** Why a connection must end, in words; undefined while it can go on. */
export type Trouble = string | undefined

/**
 * Frames on their way to one client, in order. They go at once while it reads, and wait here, so
 * many, while it does not.
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

  post(frame: Uint8Array, descriptors: readonly number[] = []): Trouble {
    if (this.waiting.length >= this.framesMax) {
      return `the client has left ${this.waiting.length} frames unread, the most that may wait`
    }
    this.waiting.push({ frame, descriptors })
    return this.waiting.length > 1 ? undefined : this.resume()
  }

  /** The connection takes frames again. */
  resume(): Trouble {
    try {
      for (let next = this.waiting[0]; next !== undefined; next = this.waiting[0]) {
        const sent = this.connection.send(next.frame, next.descriptors)
        if (sent === "gone") return "the client has closed its socket"
        if (sent === "would_block") {
          this.connection.awaitWritable()
          return undefined
        }
        this.waiting.shift()
      }
    } catch (error) {
      return reasonOf(error)
    }
    this.onEmpty?.()
    this.onEmpty = undefined
    return undefined
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
