import { Packr } from "msgpackr"
import { loadNative } from "../../manager/engine/load.js"
import type { SocketConnection } from "../../manager/sockets/native.js"
import { decodeManagerMessage } from "../../protocol/codec.js"
import { protocolVersion } from "../../protocol/limits.js"
import type { ErrorCode, ManagerMessage } from "../../protocol/messages.js"
import { within } from "../harness/retry.js"

const native = loadNative()
const packr = new Packr({ useRecords: false })
const answerBudgetMs = 10_000

/** What came in one packet. */
export type Received = ManagerMessage & {
  readonly descriptorsReceived: number
  /** The receiver's to close; closed already unless the client keeps them. */
  readonly descriptors: readonly number[]
}

type OfType<Type extends ManagerMessage["type"]> = Extract<Received, { type: Type }>

/** A client that sends whatever its test wants: no library is between it and the socket. */
export class RawClient {
  private readonly connection: SocketConnection
  private readonly received: Received[] = []
  private readonly takers: ((received: Received) => void)[] = []
  private lastRequest = 0
  /** Why the connection ended, once the manager has ended it. */
  readonly ended: Promise<string>

  constructor(
    socket: string,
    private readonly descriptorsAre: "closed" | "kept" = "closed",
  ) {
    this.connection = new native.SocketConnection(native.connectSeqpacket(socket))
    this.ended = new Promise((resolve) => {
      this.connection.start(
        (frame, descriptors) => this.take(frame, descriptors),
        () => {},
        resolve,
      )
    })
  }

  /** Says hello and returns the manager's welcome. */
  async greet(wantDevice = false): Promise<OfType<"welcome">> {
    const hello = {
      type: "hello",
      version: protocolVersion,
      client: "raw",
      want_device: wantDevice,
    }
    this.send(hello)
    return this.next("welcome")
  }

  /** Sends a message, or bytes as they are. */
  send(message: object | Uint8Array, descriptors: readonly number[] = []): void {
    const frame = message instanceof Uint8Array ? message : packr.pack(message)
    const sent = this.connection.send(frame, descriptors)
    if (sent !== "sent") throw new Error(`the socket answers "${sent}" to a frame`)
  }

  /** Like send(), for a connection that the manager may have ended, or does not read from. */
  trySend(frame: Uint8Array): boolean {
    return this.connection.send(frame, []) === "sent"
  }

  /** A request with a number of its own; the answer comes with the same. */
  request(message: object, descriptors: readonly number[] = []): number {
    this.lastRequest += 1
    this.send({ ...message, request: this.lastRequest }, descriptors)
    return this.lastRequest
  }

  /** The next message, which must be of that type. */
  async next<Type extends ManagerMessage["type"]>(type: Type): Promise<OfType<Type>> {
    const message = await within(`a "${type}"`, answerBudgetMs, this.nextOfAny())
    if (message.type === type) return message as OfType<Type>
    throw new Error(`wanted "${type}", got ${JSON.stringify(message, bigintsAsText)}`)
  }

  /** The next message, whichever it is. */
  nextOfAny(): Promise<Received> {
    const message = this.received.shift()
    return message ? Promise.resolve(message) : new Promise((resolve) => this.takers.push(resolve))
  }

  /** Messages that have come and that nobody has taken. */
  get untaken(): number {
    return this.received.length
  }

  /** The sentence of the next message, which must be an error with that code. */
  async nextError(code: ErrorCode, request?: number): Promise<string> {
    const error = await this.next("error")
    const isRight = error.code === code && (request === undefined || error.request === request)
    if (isRight) return error.message
    throw new Error(`wanted error ${code} to ${request}, got ${JSON.stringify(error)}`)
  }

  untilEnded(): Promise<string> {
    return within("the connection's end", answerBudgetMs, this.ended)
  }

  /** Takes nothing from the socket any more. */
  stopReading(): void {
    this.connection.pause()
  }

  close(): void {
    this.connection.close()
  }

  private take(frame: Uint8Array, descriptors: number[]): void {
    const kept = this.descriptorsAre === "kept" ? descriptors : []
    for (const descriptor of descriptors) {
      if (!kept.includes(descriptor)) native.closeDescriptor(descriptor)
    }
    const message = decodeManagerMessage(frame)
    const received = { ...message, descriptorsReceived: descriptors.length, descriptors: kept }
    const taker = this.takers.shift()
    if (taker) taker(received)
    else this.received.push(received)
  }
}

function bigintsAsText(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value
}
