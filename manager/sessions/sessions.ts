import { isAllowed } from "../access_rule.js"
import type { ForkedEvent } from "../engine/engine.js"
import { ClientError } from "../errors.js"
import type { Dialect } from "../view.js"
import { ChildVoice } from "./child_voice.js"
import { CommandReader } from "./command_reader.js"
import type { Keeper } from "./keeper.js"
import { LifeWatch } from "./life_watch.js"
import type { Peer } from "./peer.js"
import { Placement } from "./placement.js"
import { Populations } from "./populations.js"
import { Session } from "./session.js"
import type { PastSession, SessionJournal } from "./session_journal.js"
import type { SessionServices } from "./session_services.js"
import type { SessionVoice } from "./session_voice.js"
import type { UserfaultfdAbilities } from "./userfaultfd.js"

/** Who a space belonged to, for faults that are looked at after the session has ended. */
export interface SpaceOwner {
  readonly session: string
  readonly pid: number
}

/** Ended sessions whose faults can still be told by their number. */
const endedOwnersMax = 4_096

/**
 * Descriptors of one user on their way to being closed. Only those that the user itself holds back,
 * as the server of their file system can, are ever so many.
 */
const closingPerUidMax = 1_024

/** Every session of the manager, and who may have one more. JS thread. */
export class Sessions {
  private readonly sessions = new Map<string, Session>()
  private readonly owners = new Map<number, SpaceOwner>()
  private readonly commands = new CommandReader()
  private readonly placement: Placement
  private journal: SessionJournal | undefined
  private keeper: Keeper | undefined
  private readonly lives: LifeWatch
  private readonly populations: Populations
  private admitted = 0
  private draining = false

  constructor(private readonly services: SessionServices) {
    this.placement = new Placement(services, () => [...this.sessions.values()])
    this.populations = new Populations(services.engine, services.workingSets, services.log)
    this.lives = new LifeWatch(services.engine.native, () =>
      this.list().filter(({ isChild }) => isChild),
    )
  }

  /**
   * Throws a ClientError when the user may not come, or there is no room, for this user or at all,
   * or no future.
   */
  admit(dialect: Dialect, peer: Peer, voice: SessionVoice): Session {
    this.checkAllowed(peer)
    this.checkNotDraining()
    this.checkRoom(peer.uid)
    const id = this.nextId()
    const session = new Session(id, dialect, peer, this.services, voice, () => {
      forgetCommand()
      this.remove(session)
    })
    this.sessions.set(id, session)
    this.services.users.accountOf(peer.uid).sessions += 1
    const forgetCommand = this.commands.read(peer.pid, (command) => {
      session.command = command
    })
    return session
  }

  /** The child is served already: there is nothing here to refuse. It counts for its user. */
  noteForked(forked: ForkedEvent): void {
    const parent = this.bySpace(forked.space)
    if (parent === undefined) throw new Error(`space ${forked.space} forked, and has no session`)
    const child = this.enterChild(parent, parent.peer)
    child.inherit(parent, forked)
    this.noteAttached(child, forked.child)
    child.record?.noteAllMapped(child.regions.list())
  }

  /** A forked child that an earlier manager served: its parent's session here, if there is one. */
  readmitChild(peer: Peer, parent: Session | undefined): Session {
    return this.enterChild(parent, peer)
  }

  /** No process is known for sure to be the child. */
  private enterChild(parent: Session | undefined, peer: Peer): Session {
    const { engine, users } = this.services
    const voice = new ChildVoice(engine.native, () => child)
    const self = { ...peer, pid: 0 }
    const id = parent?.nextChild() ?? this.nextId()
    const child = new Session(id, parent?.dialect ?? "native", self, this.services, voice, () =>
      this.remove(child),
    )
    child.isChild = true
    child.parent = parent?.id
    this.sessions.set(id, child)
    users.accountOf(peer.uid).sessions += 1
    this.lives.start()
    return child
  }

  private nextId(): string {
    this.admitted += 1
    return `s${this.admitted}`
  }

  private checkAllowed(peer: Peer): void {
    if (isAllowed(this.services.clients, peer)) return
    const wanted = "wanted one that clients.allow_uids or clients.allow_gids lists"
    throw new ClientError("not_allowed", `User ${peer.uid} may not be a client here, ${wanted}`)
  }

  /** New sessions and regions have no future any more. */
  checkNotDraining(): void {
    if (!this.draining) return
    throw new ClientError("draining", "This manager is about to end and takes nothing new")
  }

  /** Ends every session of a user whose descriptors pile up because they cannot be closed. */
  checkClosing(uid: number): void {
    const pileUp = this.findPileUp(uid)
    if (pileUp === undefined) return
    for (const session of this.list()) {
      if (session.peer.uid === uid) session.dismiss(pileUp)
    }
  }

  list(): Session[] {
    return [...this.sessions.values()]
  }

  find(id: string): Session | undefined {
    return this.sessions.get(id)
  }

  bySpace(space: number): Session | undefined {
    const owner = this.owners.get(space)
    return owner && this.sessions.get(owner.session)
  }

  /** Also of a session that has ended, as long as its faults may still be looked at. */
  ownerOf(space: number): SpaceOwner | undefined {
    return this.owners.get(space)
  }

  /** Since the manager started. */
  get total(): number {
    return this.admitted
  }

  get isDraining(): boolean {
    return this.draining
  }

  /** What is noted there from now on is what the next manager adopts. */
  keepJournal(journal: SessionJournal, keeper: Keeper): void {
    this.journal = journal
    this.keeper = keeper
  }

  /** Throws a ClientError unless what that userfaultfd will tell us can outlive us. */
  checkKept({ hasLayoutEvents }: UserfaultfdAbilities): void {
    if (hasLayoutEvents) this.keeper?.ensure()
  }

  /** To be called once the session has its address space. `follows`: it goes on with that one. */
  noteAttached(session: Session, space: number, follows?: PastSession): void {
    // What a client has done to its memory it cannot tell again.
    const isToBeKept = !session.resumes || session.hasLayoutEvents
    if (isToBeKept) session.record = this.journal?.begin(session, follows)
    this.findAdopted(session, session.userfaultfd)?.dismiss(comeAgain(session))
    this.noteOwner(session, space)
  }

  /**
   * The client of an adopted session has come by itself after all. Where it has layout events, its
   * new session goes on with the old one's space, by what is known of its memory. False: there is
   * no such session.
   */
  goOnWithAdopted(session: Session, userfaultfd: number): boolean {
    const adopted = this.findAdopted(session, userfaultfd)
    const space = adopted?.space
    if (adopted === undefined || space === undefined || !adopted.hasLayoutEvents) return false
    session.takeOver(adopted)
    session.record = this.journal?.begin(session, adopted.record)
    this.noteOwner(session, space)
    adopted.dismiss(comeAgain(session))
    return true
  }

  private noteOwner(session: Session, space: number): void {
    this.owners.set(space, { session: session.id, pid: session.peer.pid })
    this.placement.start()
    for (const [ended, owner] of this.owners) {
      if (this.owners.size <= endedOwnersMax + this.sessions.size) break
      if (!this.sessions.has(owner.session)) this.owners.delete(ended)
    }
  }

  /**
   * Brings all of its memory in the background, and lets its client go. Resolves with whether that
   * was to be had.
   */
  populate(session: Session, bytesPerSecond: number): Promise<boolean> {
    return this.populations.run(session, bytesPerSecond)
  }

  /** Of a child that nobody knows: it waits for its pages, for as long as it lives. */
  keepChild(userfaultfd: number): void {
    this.services.engine.native.keepChild(userfaultfd)
    this.lives.start()
  }

  startDraining(): void {
    this.draining = true
  }

  /** The clients stay, and are the next manager's. */
  leaveToTheNext(): void {
    this.journal?.freeze()
    if (this.keeper?.isThere) this.services.engine.native.leaveChildren()
    this.keeper?.close()
  }

  /** Tells every session why it ends, and resolves once none is left in the engine. */
  async dismissAll(error: ClientError): Promise<void> {
    this.placement.stop()
    this.lives.stop()
    // Detached first: a client that has been told may be served by the next manager at once.
    const last = this.list().map(async (session) => {
      await session.end(error.message)
      session.dismiss(error)
    })
    await Promise.all(last)
  }

  /** The one with the same userfaultfd, which was fetched from the client. */
  private findAdopted(session: Session, userfaultfd: number): Session | undefined {
    const { isSameFile } = this.services.native
    return this.list().find((other) => {
      if (other === session || !other.isAdopted || other.peer.pid !== session.peer.pid) return false
      if (other.userfaultfd < 0) return false
      return isSameFile(other.userfaultfd, userfaultfd)
    })
  }

  private checkRoom(uid: number): void {
    const pileUp = this.findPileUp(uid)
    if (pileUp !== undefined) throw pileUp
    const { sessionsMax, sessionsPerUidMax } = this.services.limits
    if (this.sessions.size >= sessionsMax) {
      const found = `This manager has ${this.sessions.size} sessions`
      throw new ClientError("too_many_sessions", `${found}, the most it may have`)
    }
    const { users } = this.services
    const sessions = users.sessionsOf(uid)
    if (sessions >= sessionsPerUidMax) {
      const found = `User ${uid} has ${sessions} sessions`
      throw new ClientError("too_many_sessions", `${found}, the most that one user may have`)
    }
    users.checkDescriptors(uid, "session")
  }

  private findPileUp(uid: number): ClientError | undefined {
    const closing = this.services.native.closingFor(uid)
    if (closing <= closingPerUidMax) return undefined
    const found = `User ${uid} has sent ${closing} descriptors that the kernel is still closing`
    return new ClientError("surplus_descriptors", `${found}, wanted ${closingPerUidMax} at most`)
  }

  private remove(session: Session): void {
    const { users } = this.services
    const { uid } = session.peer
    this.sessions.delete(session.id)
    users.accountOf(uid).sessions -= 1
    users.forget(uid)
  }
}

const comeAgain = ({ id }: Session) =>
  new ClientError("client_gone", `the client has come again, as ${id}`)
