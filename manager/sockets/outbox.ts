import { reasonOf } from "../errors.js"
import type { SocketConnection } from "./native.js"

/** One frame, and what travels with it. */
export interface Parcel {
  readonly frame: Uint8Array
  /** Open at least until `onDone`. */
  readonly descriptors: readonly number[]
  /**
   * Called once: the kernel has the parcel, with references of its own to the descriptors, or will
   * never get it.
   */
  readonly onDone?: () => void
}

/**
 * Descriptors that wait for one client. They take numbers that all clients share, so they are fewer
 * than its frames; a client that reads never comes near.
 */
const descriptorsMax = 16

/** Why a connection must end, in words; undefined while it can go on. */
export type Trouble = string | undefined

/**
 * Frames on their way to one client, in order. They go at once while it reads, and wait here, so
 * many, while it does not.
 */
export class Outbox {
  private readonly waiting: Parcel[] = []
  private descriptors = 0
  private isAbandoned = false
  private onEmpty: (() => void) | undefined

  constructor(
    private readonly connection: Pick<SocketConnection, "send" | "awaitWritable">,
    private readonly framesMax: number,
  ) {}

  get length(): number {
    return this.waiting.length
  }

  /** Owns the parcel from here on, whatever becomes of it. */
  post(parcel: Parcel): Trouble {
    if (this.isAbandoned) {
      parcel.onDone?.()
      return undefined
    }
    const excess = this.excess(parcel)
    if (excess !== undefined) {
      parcel.onDone?.()
      return `the client has left ${excess} unread, the most that may wait`
    }
    this.waiting.push(parcel)
    this.descriptors += parcel.descriptors.length
    return this.waiting.length > 1 ? undefined : this.resume()
  }

  /** The connection takes frames again. */
  resume(): Trouble {
    for (let next = this.waiting[0]; next !== undefined; next = this.waiting[0]) {
      const sent = this.send(next)
      if (sent === "would_block") {
        this.connection.awaitWritable()
        return undefined
      }
      if (sent !== "sent") return sent.trouble
      this.waiting.shift()
      this.descriptors -= next.descriptors.length
      next.onDone?.()
    }
    this.onEmpty?.()
    this.onEmpty = undefined
    return undefined
  }

  private excess({ descriptors }: Parcel): string | undefined {
    if (this.waiting.length >= this.framesMax) return `${this.waiting.length} frames`
    const isExcess = this.descriptors + descriptors.length > descriptorsMax
    return isExcess && descriptors.length > 0 ? `${this.descriptors} descriptors` : undefined
  }

  private send({ frame, descriptors }: Parcel): "sent" | "would_block" | { trouble: string } {
    try {
      const sent = this.connection.send(frame, descriptors)
      return sent === "gone" ? { trouble: "the client has closed its socket" } : sent
    } catch (error) {
      return { trouble: reasonOf(error) }
    }
  }

  /** Nothing is sent any more; what waits is given up. */
  abandon(): void {
    this.isAbandoned = true
    for (const parcel of this.waiting.splice(0)) parcel.onDone?.()
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
