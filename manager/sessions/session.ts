import { printable } from "../../protocol/frame_shape.js"
import { pageBytes } from "../../protocol/limits.js"
import type { OnDiscard } from "../../protocol/messages.js"
import type { ForkedEvent, PoisonedEvent, StarvedEvent } from "../engine/engine.js"
import { ClientError, reasonOf } from "../errors.js"
import type { Image } from "../images/registry.js"
import type { Dialect } from "../view.js"
import { adoptSpace } from "./adopted_space.js"
import { ChoiceBook } from "./choice_book.js"
import { Claims } from "./claims.js"
import { chooseDiscard } from "./discard_choice.js"
import type { Introduction } from "./introduction.js"
import { LayoutFollower } from "./layout_follower.js"
import type { Peer } from "./peer.js"
import type { Population } from "./populations.js"
import { type Region, RegionBook, type RegionWish, requestOf } from "./region_book.js"
import type { SessionRecord } from "./session_journal.js"
import { SessionLog, wantOfMemory } from "./session_log.js"
import type { SessionServices } from "./session_services.js"
import type { SessionVoice } from "./session_voice.js"
import { noAbilities, type UserfaultfdAbilities } from "./userfaultfd.js"
import type { UserAccount } from "./users.js"

export type SessionState = "greeting" | "active" | "detached" | "closing"

/**
 * One connected client and all that it registered: its address space in the engine, its regions,
 * the images that it published. Speaks no protocol. Owned by `Sessions`, JS thread.
 */
export class Session {
  state: SessionState = "greeting"
  /** Who speaks, in the client's own words. */
  client = ""
  command = ""
  /** It goes to the next manager by itself. */
  resumes = false
  /** Of a forked child, of which nobody but the manager has the userfaultfd. */
  isChild = false
  /** Of a forked child: the session of the process that forked it, if that is there. */
  parent: string | undefined
  /** What an earlier manager called it. */
  resumedFrom: string | undefined
  isAdopted = false
  /** What the next manager will go by, where the client does not come to it by itself. */
  record: SessionRecord | undefined
  /** Undefined: it is to be served for as long as it is there. */
  population: Population | undefined
  lastError: { code: string; message: string; atMs: number } | undefined
  readonly connectedAtMs = Date.now()
  readonly regions: RegionBook
  readonly choices = new ChoiceBook()
  /** The engine's number, from the moment a userfaultfd came until the session ends. */
  space: number | undefined
  /** The engine's, for as long as there is a space. */
  userfaultfd = -1
  /** The CPU that the client is pinned to, or -1. */
  cpu = -1
  readonly claims = new Claims((region) => this.unmap(region))
  private abilities: UserfaultfdAbilities = noAbilities
  private isLayoutKnown = true
  private readonly account: UserAccount
  private readonly published = new Set<Image>()
  private readonly log: SessionLog
  private forks = 0
  private readonly layout: LayoutFollower
  private ending: Promise<void> | undefined
  private releasing: Promise<void> | undefined

  constructor(
    readonly id: string,
    readonly dialect: Dialect,
    readonly peer: Peer,
    private readonly services: SessionServices,
    private readonly voice: SessionVoice,
    private readonly onEnded: () => void,
  ) {
    const { users, limits, log } = services
    this.account = users.accountOf(peer.uid)
    this.log = new SessionLog({ session: id, pid: peer.pid, uid: peer.uid, users, limits, log })
    this.regions = new RegionBook(services.limits, this.account)
    this.layout = new LayoutFollower(this, services.engine.native)
  }

  /** It has said who it is. */
  activate({ client, resumes = false, resumedSession, isAdopted = false }: Introduction): void {
    this.client = printable(client)
    this.resumes = resumes
    this.isAdopted = isAdopted
    this.resumedFrom = resumedSession === undefined ? undefined : printable(resumedSession)
    this.state = "active"
    const { id, peer, command, resumedFrom } = this
    const { pid, uid, gid } = peer
    const who = { session: id, pid, uid, gid, client: this.client, command }
    if (resumedFrom === undefined) this.log.tell("info", who, "session begins")
    else this.log.tell("info", { ...who, resumed_from: resumedFrom }, "session goes on")
  }

  /** Only who reads its userfaultfd hears what it does to its memory. */
  get hasLayoutEvents(): boolean {
    return this.abilities.hasLayoutEvents
  }

  /** What it did to its memory was told to an earlier manager, and died with it. */
  get hasUnknownLayout(): boolean {
    return this.isAdopted && this.hasLayoutEvents && !this.isLayoutKnown
  }

  /** Where the next manager finds what it does to its memory: a descriptor of the engine's. */
  get layoutBook(): number | undefined {
    const { native } = this.services.engine
    return this.space === undefined ? undefined : native.layoutBookOf(this.space)
  }

  /**
   * Takes the userfaultfd over, which must have been checked, and returns its space. `layoutBook`:
   * what an earlier manager knew of its layout. `isHeldBack`: it is heard from endPast() on.
   */
  attach(
    userfaultfd: number,
    abilities: UserfaultfdAbilities,
    {
      layoutBook,
      isHeldBack = false,
    }: { layoutBook?: number | undefined; isHeldBack?: boolean } = {},
  ): number {
    const { engine, native } = this.services
    if (this.space !== undefined || this.ending !== undefined) {
      throw new Error(`session ${this.id} can attach no userfaultfd now`)
    }
    if (this.peer.pid > 0) this.cpu = native.pinnedCpu(this.peer.pid)
    try {
      const { cpu, isChild } = this
      const past = { userfaultfd, cpu, uid: this.peer.uid, isChild, layoutBook }
      const warn = (reason: string) => this.log.warn({ reason }, "its layout book cannot be used")
      const adopted = this.isAdopted ? adoptSpace(engine, past, warn) : undefined
      this.isLayoutKnown = adopted?.isLayoutKnown ?? true
      this.space = adopted?.space ?? engine.attach(userfaultfd, cpu, past.uid, isHeldBack)
      this.userfaultfd = userfaultfd
      this.abilities = abilities
      if (abilities.movesRegions) this.regions.allowMoves()
      return this.space
    } catch (error) {
      // The client will not send it again, so this session cannot go on.
      throw new ClientError("too_many_sessions", `Cannot serve the userfaultfd: ${reasonOf(error)}`)
    }
  }

  /** Every region that it begins with is mapped: what it does to its memory is heard. */
  async endPast(): Promise<void> {
    if (this.space !== undefined) await this.services.engine.endPast(this.space)
    this.noteLayoutChanged()
  }

  /** It is that of a forked child, which has what its parent had when it forked. */
  inherit(parent: Session, { child, descriptor, regions }: ForkedEvent): void {
    this.userfaultfd = descriptor
    this.client = parent.client
    this.command = parent.command
    this.abilities = parent.abilities
    this.space = child
    this.state = "active"
    this.regions.allowMoves()
    for (const number of regions) {
      const region = parent.regions.get(number)
      if (region === undefined) continue
      this.regions.copy(region)
      this.services.images.retain(region.image)
    }
    const facts = { session: this.id, parent: parent.id, regions: this.regions.size }
    this.services.log.info(facts, "a client has forked: its child is served")
  }

  /**
   * Goes on with all that an adopted session has, which is the same client's and has nothing any
   * more then. Throws a ClientError, and takes nothing, where it has such regions itself.
   */
  takeOver(adopted: Session): void {
    const regions = [...adopted.regions.list()]
    this.regions.checkNumbersFree(regions)
    const { space, userfaultfd, cpu, abilities } = adopted
    Object.assign(this, { space, userfaultfd, cpu, abilities })
    this.noteLayoutChanged()
    if (this.abilities.movesRegions) this.regions.allowMoves()
    for (const region of regions) {
      this.claims.expect(this.regions.copy(region))
      this.services.images.retain(region.image)
      adopted.drop(region)
    }
    adopted.space = undefined
    adopted.userfaultfd = -1
  }

  /** The name for the next child that it has forked. */
  nextChild(): string {
    this.forks += 1
    return `${this.id}.${this.forks}`
  }

  /** Its newest child waits at the first page that is missing, for as long as it lives. */
  noteUnservedChild(): void {
    this.noteError("busy", "A forked child is not served: there are too many")
    this.log.unservedChild()
  }

  /** Its client has unmapped or moved something. */
  noteLayoutChanged(): void {
    if (this.ending === undefined) this.layout.note()
  }

  /** Serves a region. Rejects with a ClientError when it cannot, and nothing of it is left. */
  async map(wish: RegionWish): Promise<Region> {
    const { image, mode, onDiscard } = wish
    const { abilities } = this
    const chosen = chooseDiscard({ image: image.name, mode, onDiscard, abilities })
    if (mode === "cow") return this.enter(wish, chosen)
    const { space } = this
    if (space === undefined) {
      const wanted = "wanted a userfaultfd along with the session's first map"
      throw new ClientError("missing_descriptor", `No descriptor came with the map, ${wanted}`)
    }
    if (mode === "share" && !abilities.hasMinorFaults) {
      const found = "its userfaultfd was made without the feature MINOR_SHMEM"
      const message = `Cannot map image "${image.name}" with mode "share": ${found}`
      throw new ClientError("unsupported_mode", message)
    }
    const region = this.enter(wish, chosen)
    try {
      if (abilities.isRaw) await this.register(region, mode)
      const isNew = wish.region === undefined
      await this.services.workingSets.map(requestOf(region, space), region.image, isNew)
      this.record?.noteMapped(region)
      return region
    } catch (error) {
      // Of a session that ends the engine may have it until the session has been detached.
      if (this.ending === undefined) this.drop(region)
      throw error
    }
  }

  private async register({ address, lengthBytes }: Region, mode: "copy" | "share"): Promise<void> {
    const { registrations } = this.services
    const { uid } = this.peer
    await registrations.register(this.userfaultfd, uid, { address, lengthBytes, mode })
    // Meanwhile the session may have ended, and its descriptor with it.
    if (this.ending !== undefined) throw new ClientError("client_gone", "The session has ended")
  }

  async unmap(region: Region): Promise<void> {
    if (region.mode !== "cow") {
      this.services.workingSets.end(this.spaceOf(region), region.region)
      await this.services.engine.unmap(this.spaceOf(region), region.region)
      this.record?.noteEnded(region.region)
    }
    this.drop(region)
  }

  /** Resolves with the number of pages that were installed: none where there is nothing to do. */
  async prefault(region: Region, offsetBytes: bigint, lengthBytes: bigint): Promise<bigint> {
    if (region.mode === "cow") return 0n
    const { engine } = this.services
    const space = this.spaceOf(region)
    return this.runBulk(() => engine.prefault(space, region.region, offsetBytes, lengthBytes))
  }

  /** Counts among what its user has under way. */
  runBulk<T>(run: () => Promise<T>): Promise<T> {
    return this.services.users.runBulk(this.peer.uid, run)
  }

  /** What was discarded until now is the image's again, what is from here on is as chosen. */
  async chooseDiscard(region: Region, onDiscard: OnDiscard): Promise<void> {
    const { abilities } = this
    const { image, mode } = region
    const chosen = chooseDiscard({ image: image.name, mode, onDiscard, abilities })
    if (mode === "cow") return
    await this.services.engine.chooseDiscard(this.spaceOf(region), region.region, chosen)
    region.onDiscard = chosen
    this.record?.noteMapped(region)
  }

  /** The client has dropped the region's pages by itself. */
  noteReset(region: Region): void {
    region.resets += 1
    if (region.mode === "cow") return
    this.services.engine.native.noteReset(this.spaceOf(region), region.region)
  }

  /** The image lives under its name until the session ends. The descriptor stays the caller's. */
  publish(name: string, descriptor: number, source: string): Image {
    const { images, users } = this.services
    users.checkDescriptors(this.peer.uid, "published image")
    const image = images.publish(this.peer.uid, name, descriptor, source)
    this.published.add(image)
    return image
  }

  notePoisoned(event: PoisonedEvent): void {
    const { region, offsetBytes, reason } = event
    this.noteError("poisoned", reason)
    this.log.poisoned(event)
    this.voice.poisoned(region, offsetBytes, BigInt(pageBytes), reason)
  }

  /** The client has come to a limit of its own, or the machine has: its faults wait for memory. */
  noteStarved({ region }: StarvedEvent): void {
    const { found, remedy } = wantOfMemory
    this.noteError("no_memory", `${found}; its faults are tried again: ${remedy}`)
    this.log.starved(region)
  }

  /** Something that the client sent was refused. */
  noteRefused({ code, message }: ClientError): void {
    this.noteError(code, message)
    this.log.refused(code, message)
  }

  /** A frame of it has taken so long. How long the next one has to wait for other users. */
  spendFrameTime(tookMs: number): number {
    return this.services.users.spendFrameTime(this.account, tookMs)
  }

  /** It sends faster than it may, and is read that much later. */
  noteThrottled(): void {
    this.log.throttled()
  }

  noteError(code: string, message: string): void {
    this.lastError = { code, message, atMs: Date.now() }
  }

  /** Last words to the client, which the session's end follows. */
  dismiss(error: ClientError): void {
    this.noteError(error.code, error.message)
    this.voice.dismiss(error)
  }

  /** Its client is ended: the session's end follows. */
  kill(reason: string): void {
    this.noteError("killed", reason)
    this.voice.kill()
  }

  /** Ends it once; resolves when nothing of it is left in the engine. */
  end(reason: string): Promise<void> {
    this.ending ??= this.detachAndLeave(reason)
    return this.ending
  }

  /** Its client depends on nobody any more: nothing is served, and it is shown until it ends. */
  async release(): Promise<void> {
    // First: what stands in the journal is there for who comes next.
    this.record?.end()
    this.record = undefined
    this.releasing = this.leaveEngine()
    await this.releasing
    if (this.state === "active") this.state = "detached"
  }

  private async detachAndLeave(reason: string): Promise<void> {
    const { images } = this.services
    this.state = "closing"
    const facts = { session: this.id, pid: this.peer.pid, regions: this.regions.size, reason }
    for (const image of this.published) images.withdraw(image)
    await this.releasing
    await this.leaveEngine()
    this.record?.end()
    this.log.tell("info", facts, "session ended")
    this.onEnded()
  }

  private async leaveEngine(): Promise<void> {
    const { engine, workingSets } = this.services
    this.layout.stop()
    if (this.space !== undefined) workingSets.endAll(this.space)
    if (this.space !== undefined) await engine.detach(this.space)
    for (const region of this.regions.list().toReversed()) this.drop(region)
    this.space = undefined
    this.userfaultfd = -1
  }

  /** Of mode cow nobody but this book ever hears: the kernel serves it without us. */
  private enter(wish: RegionWish, onDiscard: OnDiscard): Region {
    const region = this.regions.enter(wish, onDiscard)
    this.services.images.retain(region.image)
    return region
  }

  /** To be called once the engine has it no more. */
  private drop(region: Region): void {
    if (this.regions.remove(region)) this.services.images.release(region.image)
  }

  private spaceOf(region: Region): number {
    if (this.space !== undefined) return this.space
    throw new Error(`region ${region.region} of session ${this.id} has no address space`)
  }
}
