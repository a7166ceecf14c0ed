import { pageBytes } from "../../../protocol/limits.js"
import type { Config } from "../../config.js"
import { ClientError, reasonOf } from "../../errors.js"
import type { ImageRegistry } from "../../images/registry.js"
import type { Logger } from "../../log.js"
import type { Session } from "../../sessions/session.js"
import type { SessionVoice } from "../../sessions/session_voice.js"
import type { Sessions } from "../../sessions/sessions.js"
import { checkUserfaultfd } from "../../sessions/userfaultfd.js"
import type { SocketConnection, SocketModule } from "../../sockets/native.js"
import { ReceivedDescriptors } from "../../sockets/received_descriptors.js"
import { refusalOf } from "../native/refusal.js"
import { type GuestRange, type Handshake, parseHandshake } from "./handshake.js"
import { JsonText } from "./json_text.js"

export interface VmServices {
  readonly sessions: Sessions
  readonly images: ImageRegistry
  readonly native: SocketModule
  readonly config: Config
  readonly log: Logger
}

/** Where a VMM has connected: that names the image, since its message names none. */
export interface VmListener {
  readonly image: string
  /** So fast at most all of its VM's memory is brought, and the VM is let go; or it is not. */
  readonly populateBytesPerSecond?: number | undefined
  /** Its VM is served. */
  noteServed(): void
  /** For people, some of whom may read of it: a VMM that is refused can come again at once. */
  noteRefused(facts: object, message: string): void
}

const why = "a VMM's memory is its own"
/** More than anybody asks before the layout. */
const statsMax = 16

/**
 * Firecracker's dialect with one VMM: one message that is never answered, then the VM's life. JS
 * thread; lives as long as the VMM, or until that is refused.
 */
export class VmConversation implements SessionVoice {
  private readonly text = new JsonText()
  private readonly session: Session
  private readonly deadline: NodeJS.Timeout
  private userfaultfd = -1
  private stats = 0
  private isAttaching = false

  /** Throws a ClientError when the VMM is not admitted; the connection is the caller's then. */
  static begin(connection: SocketConnection, listener: VmListener, services: VmServices): void {
    new VmConversation(connection, listener, services).listen()
  }

  private constructor(
    private readonly connection: SocketConnection,
    private readonly listener: VmListener,
    private readonly services: VmServices,
  ) {
    const { pid, uid, gid, groups } = connection
    const { sessions, config } = services
    this.session = sessions.admit("firecracker", { pid, uid, gid, groups }, this)
    this.deadline = setTimeout(() => this.missMessage(), config.greetingTimeoutMs).unref()
  }

  private listen(): void {
    this.connection.start(
      (piece, numbers, _, hasLostDescriptors) => {
        const descriptors = new ReceivedDescriptors(
          numbers,
          this.services.native,
          this.connection.uid,
        )
        this.receive(piece, descriptors, hasLostDescriptors)
      },
      () => {},
      (reason) => this.close(reason),
    )
  }

  /** Nobody would hear it. */
  poisoned(): void {}

  dismiss(error: ClientError): void {
    this.close(error.message)
  }

  kill(): void {
    this.connection.kill()
  }

  private receive(piece: Uint8Array, descriptors: ReceivedDescriptors, hasLost: boolean): void {
    try {
      // Whatever it has to say after its message, nobody is to lose a VM for it.
      if (this.isAttaching || this.session.state === "closing") return
      this.takeDescriptor(descriptors, hasLost)
      this.takePiece(piece)
    } catch (thrown) {
      this.refuse(thrown)
    } finally {
      descriptors.closeRest()
    }
  }

  private takeDescriptor(descriptors: ReceivedDescriptors, hasLost: boolean): void {
    if (hasLost) {
      const found = "This manager has no room for the descriptor that came with the message"
      throw new ClientError("busy", `${found}: raise its limit of open files`)
    }
    if (descriptors.length === 0) return
    const count = descriptors.length + (this.userfaultfd < 0 ? 0 : 1)
    if (count > 1) {
      const found = `The message came with ${count} descriptors`
      throw new ClientError("surplus_descriptors", `${found}, wanted one: the userfaultfd`)
    }
    this.userfaultfd = descriptors.take() ?? -1
  }

  private takePiece(piece: Uint8Array): void {
    for (let rest = piece; rest.length > 0; ) {
      const message = this.text.push(rest)
      if (message === undefined) return
      rest = message.rest
      const handshake = parseHandshake(message.text)
      if (handshake.kind === "attach") {
        this.begin(handshake)
        return
      }
      this.answerStat()
    }
  }

  /** nydusd's: how long the image is. */
  private answerStat(): void {
    const { images } = this.services
    this.stats += 1
    if (this.stats > statsMax) {
      const found = `Its length was asked for ${this.stats} times`
      throw new ClientError("unexpected_message", `${found}, wanted the VM's memory layout`)
    }
    const { lengthBytes } = images.find(this.listener.image, this.session.peer)
    const stat = { type: 3, size: Number(lengthBytes), block_size: pageBytes, flags: 0, version: 1 }
    this.connection.send(Buffer.from(JSON.stringify(stat)), [])
  }

  private begin(handshake: Extract<Handshake, { kind: "attach" }>): void {
    clearTimeout(this.deadline)
    this.isAttaching = true
    // Nothing follows: what comes all the same stays with the kernel, and takes nobody's time.
    this.connection.pause()
    if (!handshake.keepsSocket) this.connection.outliveSocket()
    this.session.activate({ client: "firecracker" })
    this.attach()
    this.map(handshake.ranges).then(
      () => {
        this.noteServed(handshake.ranges)
        void this.populate()
      },
      (thrown: unknown) => this.refuse(thrown),
    )
  }

  private attach(): void {
    const { sessions, native } = this.services
    if (this.userfaultfd < 0) {
      const wanted = "wanted the userfaultfd along with it"
      throw new ClientError("missing_descriptor", `No descriptor came with the message, ${wanted}`)
    }
    const abilities = checkUserfaultfd(native, this.userfaultfd)
    sessions.checkKept(abilities)
    const userfaultfd = this.userfaultfd
    this.userfaultfd = -1
    sessions.noteAttached(
      this.session,
      this.session.attach(userfaultfd, abilities, { isHeldBack: true }),
    )
    const { populateBytesPerSecond } = this.listener
    // A manager that comes after this one goes on with it.
    if (populateBytesPerSecond !== undefined) {
      this.session.record?.notePopulate(populateBytesPerSecond)
    }
  }

  private async populate(): Promise<void> {
    const { populateBytesPerSecond } = this.listener
    if (populateBytesPerSecond === undefined || this.session.state === "closing") return
    const { sessions } = this.services
    const isLetGo = await sessions.populate(this.session, populateBytesPerSecond)
    // The VM has nothing more to say to anybody.
    if (isLetGo) this.connection.outliveSocket()
  }

  private async map(ranges: readonly GuestRange[]): Promise<void> {
    const { images } = this.services
    const image = images.find(this.listener.image, this.session.peer)
    for (const given of ranges) {
      // Memory that was plugged in later is not in the snapshot.
      const range = { ...given, windowBytes: 0, isTailZero: true }
      await this.session.map({ image, ...range, mode: "copy", access: "private", why })
    }
    // What it gave back since it sent its message is heard from here on.
    await this.session.endPast()
  }

  private noteServed(ranges: readonly GuestRange[]): void {
    if (this.session.state === "closing") return
    const { id, peer } = this.session
    const bytes = ranges.reduce((sum, { lengthBytes }) => sum + lengthBytes, 0n)
    const facts = { session: id, pid: peer.pid, image: this.listener.image, regions: ranges.length }
    this.services.log.info({ ...facts, length_bytes: Number(bytes) }, "a VM's memory is served")
    this.listener.noteServed()
  }

  private missMessage(): void {
    const { greetingTimeoutMs } = this.services.config
    const part = this.text.isPartial ? "Only part of a message has" : "No message has"
    const found = `${part} come within ${greetingTimeoutMs} ms of connecting`
    this.refuse(new ClientError("unexpected_message", `${found}, wanted the VM's memory layout`))
  }

  /** A VMM reads no answer: whoever runs it finds the reason in our log. */
  private refuse(thrown: unknown): void {
    const error = refusalOf(thrown)
    if (this.session.state === "closing") return
    const { id, peer } = this.session
    const facts = { session: id, pid: peer.pid, uid: peer.uid, code: error.code }
    const loss = "a VM is not served, and stands still at its first missing page: end it"
    this.listener.noteRefused({ ...facts, reason: reasonOf(error) }, loss)
    this.session.noteRefused(error)
    this.close(error.message)
  }

  private close(reason: string): void {
    clearTimeout(this.deadline)
    this.connection.close()
    const { native } = this.services
    if (this.userfaultfd >= 0) native.closeFor(this.userfaultfd, this.connection.uid)
    this.userfaultfd = -1
    void this.session.end(reason)
  }
}
