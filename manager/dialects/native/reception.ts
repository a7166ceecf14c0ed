import { encodeManagerMessage } from "../../../protocol/codec.js"
import { type ClientError, reasonOf } from "../../errors.js"
import { LogBudget } from "../../log.js"
import type { SocketConnection } from "../../sockets/native.js"
import { ReceivedDescriptors } from "../../sockets/received_descriptors.js"
import { Conversation, type ConversationServices } from "./conversation.js"
import { refusalOf } from "./refusal.js"

/** Clients that were not admitted and still have to send something before they are told. */
const refusedMax = 64
const refusedLingerMs = 1_000
/** Lines in the log about clients that were not admitted: they cost them a connect() each. */
const linesMax = 20
const linesSpanMs = 10_000

/** Turns accepted sockets into conversations, or into a refusal. */
export class Reception {
  private refused = 0
  private readonly lines = new LogBudget(linesMax, linesSpanMs)

  constructor(private readonly services: ConversationServices) {}

  /** Owns the socket from here on. */
  accept(socket: number): void {
    const connection = this.open(socket)
    if (connection === undefined) return
    try {
      Conversation.begin(connection, this.services)
    } catch (thrown) {
      const refusal = refusalOf(thrown)
      const { code, message } = refusal
      this.note(connection, refusal)
      this.refuse(connection, encodeManagerMessage({ type: "error", request: 0, code, message }))
    }
  }

  private note({ uid, pid }: SocketConnection, { code, message }: ClientError): void {
    this.lines.spend((lines_withheld) => {
      this.services.log.warn({ uid, pid, code, lines_withheld }, message)
    })
  }

  /** Undefined when the client has gone already. */
  private open(socket: number): SocketConnection | undefined {
    try {
      return new this.services.native.SocketConnection(socket)
    } catch (error) {
      this.services.log.debug({ reason: reasonOf(error) }, "a client had gone before it was served")
      return undefined
    }
  }

  /** After its hello, if that comes soon: a client that is still sending would not come to read. */
  private refuse(connection: SocketConnection, lastWords: Uint8Array): void {
    const tell = () => {
      connection.send(lastWords, [])
      connection.close()
    }
    if (this.refused >= refusedMax) {
      tell()
      return
    }
    this.refused += 1
    const end = (farewell: () => void) => {
      clearTimeout(linger)
      this.refused -= 1
      farewell()
    }
    const linger = setTimeout(() => end(tell), refusedLingerMs)
    connection.start(
      (_, numbers) => {
        new ReceivedDescriptors(numbers, this.services.native, connection.uid).closeRest()
        end(tell)
      },
      () => {},
      () => end(() => {}),
    )
  }
}
