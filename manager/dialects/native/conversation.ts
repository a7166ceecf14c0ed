import {
  decodeClientMessage,
  encodeManagerMessage,
  MalformedFrame,
} from "../../../protocol/codec.js"
import { type ClientMessage, errorCodes } from "../../../protocol/messages.js"
import type { Config } from "../../config.js"
import { ClientError } from "../../errors.js"
import type { ImageLoader } from "../../images/image_loader.js"
import type { ImageRegistry } from "../../images/registry.js"
import type { Logger } from "../../log.js"
import type { Session } from "../../sessions/session.js"
import type { SessionVoice } from "../../sessions/session_voice.js"
import type { Sessions } from "../../sessions/sessions.js"
import { FrameBucket } from "../../sockets/frame_bucket.js"
import type { SocketConnection, SocketModule } from "../../sockets/native.js"
import { Outbox, type Trouble } from "../../sockets/outbox.js"
import { ReceivedDescriptors } from "../../sockets/received_descriptors.js"
import type { Answer } from "./answer.js"
import { type Arrival, checkDescriptorCount, checkLength, checkNoneIsLost } from "./arrival.js"
import type { Device } from "./device.js"
import { greet } from "./greeting.js"
import { refusalOf } from "./refusal.js"
import { answerRequest } from "./requests.js"

/** What all conversations work with. */
export interface ConversationServices {
  readonly sessions: Sessions
  readonly images: ImageRegistry
  readonly loader: ImageLoader
  readonly native: SocketModule
  readonly device: Device
  readonly config: Config
  readonly log: Logger
}

/** How long a client may take to read our last words. */
const lingerMs = 1_000

/**
 * The native protocol with one client: frames to requests of its session, results to frames.
 * Requests are begun in the order they came; those that take time are answered when they are done.
 * JS thread; lives as long as its connection.
 */
export class Conversation implements SessionVoice {
  private readonly outbox: Outbox
  private readonly greetingTimer: NodeJS.Timeout
  private readonly session: Session
  private readonly bucket: FrameBucket
  private isThrottled = false
  private requestsInFlight = 0
  private isEnding = false

  /** Throws a ClientError when the client is not admitted; the connection is the caller's then. */
  static begin(connection: SocketConnection, services: ConversationServices): void {
    new Conversation(connection, services).listen()
  }

  private constructor(
    private readonly connection: SocketConnection,
    private readonly services: ConversationServices,
  ) {
    const { pid, uid, gid, groups } = connection
    const { config, sessions } = services
    this.session = sessions.admit("native", { pid, uid, gid, groups }, this)
    const { framesQueuedMax, framesPerSecondMax, framesBurstMax } = config.limits
    this.outbox = new Outbox(connection, framesQueuedMax)
    this.bucket = new FrameBucket(framesPerSecondMax, framesBurstMax)
    this.greetingTimer = setTimeout(() => this.missGreeting(), config.greetingTimeoutMs).unref()
  }

  private listen(): void {
    this.connection.start(
      (frame, numbers, isTruncated, hasLostDescriptors) => {
        const { native } = this.services
        const descriptors = new ReceivedDescriptors(numbers, native, this.connection.uid)
        const beganMs = performance.now()
        this.receive({ frame, descriptors, isTruncated, hasLostDescriptors })
        this.throttle(performance.now() - beganMs)
      },
      () => this.closeIn(this.outbox.resume()),
      (reason) => this.close(reason),
    )
  }

  poisoned(region: number, offset_bytes: bigint, length_bytes: bigint, message: string): void {
    // Only advice, so it never takes the room that answers need.
    if (this.outbox.length > this.services.config.limits.framesQueuedMax / 2) return
    this.post({ message: { type: "poisoned", region, offset_bytes, length_bytes, message } })
  }

  dismiss(error: ClientError): void {
    this.postError(0, error)
    this.endAfterLastWords(error.message)
  }

  kill(): void {
    this.connection.kill()
  }

  private receive(arrival: Arrival): void {
    try {
      if (!this.isOver()) this.serve(arrival)
    } finally {
      const hasRest = arrival.descriptors.length > 0
      arrival.descriptors.closeRest()
      if (hasRest) this.services.sessions.checkClosing(this.connection.uid)
    }
  }

  private throttle(tookMs: number): void {
    // Its answer, which comes later, takes about as long.
    const pauseMs = Math.max(this.bucket.take(), this.session.spendFrameTime(2 * tookMs))
    if (pauseMs === 0 || this.isOver()) return
    this.isThrottled = true
    this.session.noteThrottled()
    this.connection.pause()
    const goOn = () => {
      this.isThrottled = false
      this.resumeIfFree()
    }
    setTimeout(goOn, pauseMs).unref()
  }

  private resumeIfFree(): void {
    const isFree = this.requestsInFlight < this.services.config.limits.requestsInFlightMax
    if (isFree && !this.isThrottled && !this.isOver()) this.connection.resume()
  }

  private serve(arrival: Arrival): void {
    let request = 0
    try {
      checkLength(arrival)
      const message = decodeClientMessage(arrival.frame)
      // Known before anything can be refused: who waits for this answer hears of no other.
      if (message.type !== "hello") request = message.request
      checkNoneIsLost(arrival)
      checkDescriptorCount(message.type, arrival.descriptors)
      this.begin(message, arrival.descriptors)
    } catch (thrown) {
      this.refuse(thrown instanceof MalformedFrame ? thrown.request : request, thrown)
    }
  }

  private begin(message: ClientMessage, descriptors: ReceivedDescriptors): void {
    const { session, services } = this
    if (session.state === "greeting") {
      const { welcome, descriptors } = greet(message, session, services)
      clearTimeout(this.greetingTimer)
      this.post({ message: welcome, descriptors })
    } else if (message.type === "hello") {
      const found = 'A second "hello" came in one session'
      throw new ClientError("unexpected_message", `${found}, wanted any other message`)
    } else if (message.type === "bye") {
      void this.sayGoodbye(message.request)
    } else {
      const { sessions, images, loader, native } = services
      const scope = { session, sessions, images, loader, native, descriptors }
      void this.answerWhenDone(message.request, answerRequest(message, scope))
    }
  }

  private async answerWhenDone(request: number, answer: Promise<Answer>): Promise<void> {
    const { requestsInFlightMax } = this.services.config.limits
    this.requestsInFlight += 1
    if (this.requestsInFlight >= requestsInFlightMax) this.connection.pause()
    try {
      this.post(await answer)
    } catch (thrown) {
      this.refuse(request, thrown)
    }
    this.requestsInFlight -= 1
    if (this.requestsInFlight === requestsInFlightMax - 1) this.resumeIfFree()
  }

  private async sayGoodbye(request: number): Promise<void> {
    const reason = "the client said bye"
    this.connection.pause()
    await this.session.end(reason)
    this.post({ message: { type: "goodbye", request } })
    this.endAfterLastWords(reason)
  }

  private refuse(request: number, thrown: unknown): void {
    const error = refusalOf(thrown)
    // What was under way when the client said bye, or died, has nobody to hear of it.
    if (this.isOver()) return
    this.session.noteRefused(error)
    this.postError(request, error)
    if (errorCodes[error.code].fatal) this.endAfterLastWords(error.message)
  }

  private isOver(): boolean {
    return this.isEnding || this.session.state === "closing"
  }

  private missGreeting(): void {
    const { greetingTimeoutMs } = this.services.config
    const found = `No "hello" has come within ${greetingTimeoutMs} ms`
    this.refuse(0, new ClientError("unexpected_message", `${found} of connecting`))
  }

  private postError(request: number, { code, message }: ClientError): void {
    this.post({ message: { type: "error", request, code, message } })
  }

  private post({ message, descriptors = [], onDone }: Answer): void {
    if (this.isEnding) {
      onDone?.()
      return
    }
    const frame = encodeManagerMessage(message)
    this.closeIn(this.outbox.post({ frame, descriptors, ...(onDone && { onDone }) }))
  }

  private closeIn(trouble: Trouble): void {
    if (trouble !== undefined) this.close(trouble)
  }

  private endAfterLastWords(reason: string): void {
    if (this.isEnding) return
    this.isEnding = true
    this.connection.pause()
    const linger = setTimeout(() => this.close(reason), lingerMs)
    this.outbox.whenEmpty(() => {
      clearTimeout(linger)
      this.close(reason)
    })
  }

  private close(reason: string): void {
    this.isEnding = true
    clearTimeout(this.greetingTimer)
    this.connection.close()
    this.outbox.abandon()
    void this.session.end(reason)
  }
}
