import { setTimeout as pause } from "node:timers/promises"
import { type ErrorCode, errorCodes, type OnDiscard } from "../../protocol/messages.js"
import { ClientError, ManagerError } from "../errors.js"
import type { EngineEvent, EngineSnapshot, NativeEngine } from "./native.js"
import type { PastSpace } from "./past_spaces.js"
import type { PagePairs } from "./recordings.js"
import type { RegionRequest } from "./region_request.js"

type EventOf<Kind extends EngineEvent["kind"]> = Extract<EngineEvent, { kind: Kind }>
export type FillEvent = EventOf<"fill">
export type RaisedEvent = EventOf<"raised">
export type PoisonedEvent = EventOf<"poisoned">
export type MisbehavedEvent = EventOf<"misbehaved">
export type StarvedEvent = EventOf<"starved">
export type ForgottenEvent = EventOf<"forgotten">
export type ForkedEvent = EventOf<"forked">

/** What the engine says unasked. Called on the JS thread. */
export interface EngineListener {
  onFill(fill: FillEvent): void
  onRaised(raised: RaisedEvent): void
  onPoisoned(poisoned: PoisonedEvent): void
  onMisbehaved(misbehaved: MisbehavedEvent): void
  onStarved(starved: StarvedEvent): void
  onForgotten(forgotten: ForgottenEvent): void
  onForked(forked: ForkedEvent): void
  onUnservedChild(space: number): void
  onLayoutChanged(space: number): void
  /** The process of a forked child. */
  onGone(space: number): void
}

/** Events taken before others on the JS thread have their turn. */
const eventsPerTurnMax = 256
/** Before a request is made again for which there was no room. */
const busyPauseMs = 10
const requestMax = 0xffff_ffff

interface Pending {
  /** Undefined: asked on behalf of no space. */
  readonly space: number | undefined
  /** Nobody waits for its end, which may be far away. */
  readonly isBackground: boolean
  resolve(event: EngineEvent): void
  reject(error: Error): void
}

/**
 * The native engine with promises in place of events. Requests are numbered here; what a client
 * numbers stays with its session. Nothing of a fault passes through: only requests of sessions and
 * the bytes of page sources.
 */
export class Engine {
  readonly native: NativeEngine
  private readonly pending = new Map<number, Pending>()
  private readonly detaching = new Map<number, () => void>()
  private readonly attached = new Set<number>()
  private lastRequest = 0
  private isClosed = false
  private onIdle: (() => void) | undefined

  constructor(
    create: (onWake: () => void) => NativeEngine,
    private readonly listener: EngineListener,
  ) {
    this.native = create(() => this.takeEvents())
  }

  /** Takes ownership of the userfaultfd. Returns the space. */
  attach(userfaultfd: number, cpu: number, uid: number, isHeldBack: boolean): number {
    const space = this.native.attach(userfaultfd, cpu, uid, isHeldBack)
    this.attached.add(space)
    return space
  }

  /** The same for what an earlier engine has left. */
  adopt(past: PastSpace): number {
    const space = this.native.adopt(past)
    this.attached.add(space)
    return space
  }

  /** To be called once every region is mapped that a space had, or is to begin with. */
  async endPast(space: number): Promise<void> {
    while (this.attached.has(space) && !this.native.endPast(space)) await pause(busyPauseMs)
  }

  /**
   * Resolves once nothing of the space is left. What is still asked of it is answered by
   * `client_gone`.
   */
  async detach(space: number): Promise<void> {
    if (this.isClosed) return
    if (!this.attached.delete(space)) throw new Error(`space ${space} is not attached`)
    this.abandon(space)
    await new Promise<void>((resolve) => {
      this.detaching.set(space, resolve)
      this.native.detach(space)
    })
  }

  /** Rejects with a ClientError when the engine refuses the region. */
  async map(region: Omit<RegionRequest, "request">): Promise<void> {
    await this.ask(region.space, (request) => this.native.map({ ...region, request }))
  }

  async unmap(space: number, region: number): Promise<void> {
    await this.ask(space, (request) => this.native.unmap(space, request, region))
  }

  async chooseDiscard(space: number, region: number, onDiscard: OnDiscard): Promise<void> {
    await this.ask(space, (request) => this.native.chooseDiscard(space, request, region, onDiscard))
  }

  /**
   * Resolves with the number of pages installed, or rejects with a ClientError that says why it
   * stopped.
   */
  async prefault(
    space: number,
    region: number,
    offsetBytes: bigint,
    lengthBytes: bigint,
  ): Promise<bigint> {
    return this.askToInstall(space, (request) =>
      this.native.prefault(space, request, region, offsetBytes, lengthBytes),
    )
  }

  /** The same with the pages of a working set, as far as they can be had. */
  async replay(space: number, region: number, pages: PagePairs): Promise<bigint> {
    return this.askToInstall(space, (request) => this.native.replay(space, request, region, pages))
  }

  /** The same with all of a region; rejects unless every page of it is there. */
  async populate(space: number, region: number, bytesPerSecond: number): Promise<bigint> {
    const post = (request: number) => this.native.populate(space, request, region, bytesPerSecond)
    return this.askToInstall(space, post, { isBackground: true })
  }

  /** Resolves with why the client still depends on us; "" once it depends on nobody. */
  async unregister(space: number): Promise<string> {
    const event = await this.ask(space, (request) => this.native.unregister(space, request))
    if (event.kind !== "unregistered") throw new Error(`unregister was answered by "${event.kind}"`)
    return event.failure
  }

  private async askToInstall(
    space: number,
    post: (request: number) => void,
    { isBackground = false } = {},
  ): Promise<bigint> {
    const event = await this.ask(space, post, isBackground)
    if (event.kind !== "prefaulted") throw new Error(`a prefault was answered by "${event.kind}"`)
    if (event.failure !== "") throw new ClientError("prefault_failed", event.failure)
    return event.pagesInstalled
  }

  /** Resolves once every page of the image is there, or rejects with a ClientError. */
  async load(image: number): Promise<void> {
    const event = await this.post(undefined, (request) => this.native.loadImage(image, request))
    if (event.kind !== "loaded") throw new Error(`a load was answered by "${event.kind}"`)
    if (event.failure !== "") throw new ClientError("image_failed", event.failure)
  }

  snapshot(): EngineSnapshot {
    return this.native.engineSnapshot()
  }

  /**
   * Resolves with true once nothing asked of the engine is open but what is done in the background,
   * with false when that takes too long.
   */
  whenIdle(timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const late = setTimeout(() => resolve(false), timeoutMs)
      this.onIdle = () => {
        clearTimeout(late)
        // Not before those who asked have passed their answers on.
        setImmediate(() => resolve(true))
      }
      this.tellIfIdle()
    })
  }

  /** Stops every thread. Spaces still attached are closed with it. */
  close(): void {
    if (this.isClosed) return
    this.isClosed = true
    for (const space of [...this.attached, undefined]) this.abandon(space)
    this.attached.clear()
    this.native.close()
    for (const resolve of this.detaching.values()) resolve()
    this.detaching.clear()
  }

  private ask(
    space: number,
    post: (request: number) => void,
    isBackground = false,
  ): Promise<EngineEvent> {
    if (!this.attached.has(space)) throw clientGone(space)
    return this.post(space, post, isBackground)
  }

  private post(
    space: number | undefined,
    post: (request: number) => void,
    isBackground = false,
  ): Promise<EngineEvent> {
    const request = this.nextRequest()
    return new Promise((resolve, reject) => {
      this.pending.set(request, { space, isBackground, resolve, reject })
      try {
        post(request)
      } catch (error) {
        this.pending.delete(request)
        reject(error instanceof Error ? error : new Error(String(error)))
      }
    })
  }

  private nextRequest(): number {
    do {
      this.lastRequest = this.lastRequest === requestMax ? 1 : this.lastRequest + 1
    } while (this.pending.has(this.lastRequest))
    return this.lastRequest
  }

  private abandon(space: number | undefined): void {
    for (const [request, pending] of this.pending) {
      if (pending.space !== space) continue
      this.pending.delete(request)
      pending.reject(space === undefined ? engineClosed() : clientGone(space))
    }
    this.tellIfIdle()
  }

  private tellIfIdle(): void {
    if (this.onIdle === undefined) return
    for (const { isBackground } of this.pending.values()) if (!isBackground) return
    this.onIdle()
  }

  private takeEvents(): void {
    if (this.isClosed) return
    // When that was all it would give at once, the engine wakes us again.
    for (const event of this.native.takeEvents(eventsPerTurnMax)) this.handle(event)
  }

  private handle(event: EngineEvent): void {
    switch (event.kind) {
      case "fill":
        this.listener.onFill(event)
        break
      case "raised":
        this.listener.onRaised(event)
        break
      case "poisoned":
        this.listener.onPoisoned(event)
        break
      case "misbehaved":
        this.listener.onMisbehaved(event)
        break
      case "starved":
        this.listener.onStarved(event)
        break
      case "forgotten":
        this.listener.onForgotten(event)
        break
      case "forked":
        this.attached.add(event.child)
        this.listener.onForked(event)
        break
      case "unservedChild":
        this.listener.onUnservedChild(event.space)
        break
      case "layoutChanged":
        this.listener.onLayoutChanged(event.space)
        break
      case "gone":
        this.listener.onGone(event.space)
        break
      case "detached":
        this.detaching.get(event.space)?.()
        this.detaching.delete(event.space)
        break
      case "refused":
        this.settle(event.request, (pending) => pending.reject(refusal(event)))
        break
      default:
        this.settle(event.request, (pending) => pending.resolve(event))
    }
  }

  /** An answer to what was abandoned meanwhile has nobody to go to. */
  private settle(request: number, end: (pending: Pending) => void): void {
    const pending = this.pending.get(request)
    if (pending === undefined) return
    this.pending.delete(request)
    end(pending)
    this.tellIfIdle()
  }
}

function clientGone(space: number): ClientError {
  return new ClientError("client_gone", `Address space ${space} has ended meanwhile`)
}

function engineClosed(): ClientError {
  return new ClientError("draining", "The manager is ending")
}

function refusal({ code, message }: EventOf<"refused">): Error {
  if (Object.hasOwn(errorCodes, code)) return new ClientError(code as ErrorCode, message)
  return new ManagerError(code, message)
}
