import { setTimeout as pause } from "node:timers/promises"
import { errnoOf, reasonOf } from "../errors.js"
import type { Image, ImageRegistry } from "../images/registry.js"
import type { Logger } from "../log.js"
import type { ClientProcess, SocketModule } from "../sockets/native.js"
import type { Keeper } from "./keeper.js"
import { registeredModes } from "./process_facts.js"
import type { Session } from "./session.js"
import type { PastRegion, PastSession, SessionJournal } from "./session_journal.js"
import type { SessionVoice } from "./session_voice.js"
import type { Sessions } from "./sessions.js"
import { checkUserfaultfd, type UserfaultfdAbilities } from "./userfaultfd.js"

/** A process that keeps the lock of its mappings is not waited for any longer. */
const patienceMs = 2_000

export interface AdoptionScope {
  readonly sessions: Sessions
  readonly images: ImageRegistry
  readonly native: SocketModule
  readonly journal: SessionJournal
  readonly keeper: Keeper
  readonly log: Logger
}

/**
 * Goes on with the sessions of an earlier manager whose clients do not come by themselves: fetches
 * each client's userfaultfd out of the client and serves its regions again. Resolves when each is
 * served or given up; nothing is taken from a process that is not the one in the journal.
 */
export async function adoptSessions(scope: AdoptionScope): Promise<void> {
  const { journal, log } = scope
  let adopted = 0
  // Users whose processes cannot be looked at in time: each such look keeps a thread.
  const stuck = new Set<number>()
  const sessions = new Map<string, Session>()
  for (const past of [...journal.past].sort(byGeneration)) {
    if (stuck.has(past.uid)) continue
    const outcome = await adopt(past, sessions, scope)
    if (outcome === "adopted") adopted += 1
    if (outcome === "stuck") stuck.add(past.uid)
  }
  if (journal.past.length > 0) {
    log.info({ adopted, journaled: journal.past.length }, "sessions of an earlier manager")
  }
}

/** Parents before the children that they forked. */
const byGeneration = (one: PastSession, other: PastSession) =>
  one.session.split(".").length - other.session.split(".").length

type Outcome = "adopted" | "ended" | "failed" | "stuck"

async function adopt(
  past: PastSession,
  sessions: Map<string, Session>,
  scope: AdoptionScope,
): Promise<Outcome> {
  const { journal, log } = scope
  const facts = { session: past.session, pid: past.pid }
  try {
    const session = past.child
      ? adoptChild(past, past.child, sessions, scope)
      : await adoptProcess(past, scope)
    if (session !== undefined) {
      sessions.set(nameOf(past), session)
      await mapAll(past.regions, session, scope)
      await session.endPast()
      const rate = past.populateBytesPerSecond
      if (rate !== undefined) void scope.sessions.populate(session, rate)
    } else log.info(facts, "a client of an earlier manager has ended")
    journal.remove(past.file)
    return session === undefined ? "ended" : "adopted"
  } catch (error) {
    // The journal keeps it: a manager that may do more can still have it.
    const message = "cannot adopt a session: its client waits for pages until a manager can"
    log.error({ ...facts, reason: reasonOf(error) }, message)
    return error instanceof Stuck ? "stuck" : "failed"
  }
}

/** Of different managers two sessions can have one name. */
const nameOf = ({ manager, session }: Pick<PastSession, "manager" | "session">) =>
  `${manager} ${session}`

/** Undefined when the client has ended. */
async function adoptProcess(past: PastSession, scope: AdoptionScope): Promise<Session | undefined> {
  const process = open(past, scope.native)
  if (process === undefined) return undefined
  try {
    const { manager, kept } = past
    const known = kept && scope.keeper.fetch(manager, kept.userfaultfd)
    const userfaultfd = known ?? (await fetchUserfaultfd(past, process, scope.native))
    return serve(past, process, userfaultfd, scope)
  } catch (error) {
    process.close()
    throw error
  }
}

/** Undefined when it has ended: then its keeper has nothing of it any more. */
function adoptChild(
  past: PastSession,
  { parent, userfaultfd: number }: NonNullable<PastSession["child"]>,
  adopted: ReadonlyMap<string, Session>,
  { sessions, native, keeper }: AdoptionScope,
): Session | undefined {
  const { manager, uid, gid, groups, client, session: resumedSession } = past
  // What is fetched must not be lost with us.
  keeper.ensure()
  const userfaultfd = keeper.fetch(manager, number)
  if (userfaultfd === undefined) return undefined
  const ofParent =
    parent === undefined ? undefined : adopted.get(nameOf({ manager, session: parent }))
  const session = sessions.readmitChild({ pid: 0, uid, gid, groups }, ofParent)
  session.activate({ client, resumedSession, isAdopted: true })
  const abilities = checkUserfaultfd(native, userfaultfd)
  const space = session.attach(userfaultfd, abilities, { layoutBook: bookOf(past, keeper) })
  sessions.noteAttached(session, space, past)
  return session
}

/** What that manager knew of what the client did to its memory, if it can be had. */
const bookOf = ({ manager, kept }: PastSession, keeper: Keeper): number | undefined =>
  kept && keeper.fetch(manager, kept.layoutBook)

/** A process that cannot be looked at as long as it does what it does. */
class Stuck extends Error {
  override readonly name = "Stuck"
}

/** Undefined when that process has ended. */
function open({ pid, identity }: PastSession, native: SocketModule): ClientProcess | undefined {
  try {
    const process = new native.ClientProcess(pid)
    if (process.identity === identity) return process
    process.close()
    return undefined
  } catch (error) {
    if (errnoOf(error) === "ESRCH") return undefined
    throw error
  }
}

/** Of all that the client has open, the one that the session's regions are registered with. */
async function fetchUserfaultfd(
  { pid, regions }: PastSession,
  process: ClientProcess,
  native: SocketModule,
): Promise<number> {
  const known = regions.find(({ mode }) => mode !== "cow")
  if (known === undefined) throw new Error("none of its regions needs a manager")
  const modes = await inTime(registeredModes(pid, known.address))
  if (modes === 0) throw new Error(`its region ${known.region} is registered no more`)
  const numbers = await inTime(native.userfaultfdsOf(pid))
  for (const number of numbers) {
    const copy = copyIfOpen(process, number)
    if (copy === undefined) continue
    // A range that is another's already is refused; for its own nothing changes.
    const answer = native.registerRange(copy, known.address, known.lengthBytes, modes)
    try {
      if ((await inTime(answer)) === "") return copy
    } catch (late) {
      native.closeDescriptor(copy)
      throw late
    }
    native.closeDescriptor(copy)
  }
  const found = `none of its ${numbers.length} userfaultfds is the one of region ${known.region}`
  throw new Error(`${found}: has it closed it?`)
}

/** Undefined when the client has closed it meanwhile. */
function copyIfOpen(process: ClientProcess, number: number): number | undefined {
  try {
    return process.copyDescriptor(number)
  } catch (error) {
    if (errnoOf(error) === "EBADF") return undefined
    throw error
  }
}

/** Owns the descriptor from here on, and the process. */
function serve(
  past: PastSession,
  process: ClientProcess,
  userfaultfd: number,
  { sessions, native, keeper }: AdoptionScope,
): Session {
  const { pid, uid, gid, groups, client, session: resumedSession } = past
  const voice: SessionVoice = {
    // Nobody would hear it.
    poisoned: () => {},
    dismiss: ({ message }) => {
      process.close()
      void session.end(message)
    },
    kill: () => process.kill(),
  }
  let abilities: UserfaultfdAbilities
  let session: Session
  try {
    abilities = checkUserfaultfd(native, userfaultfd)
    sessions.checkKept(abilities)
    session = sessions.admit(past.dialect, { pid, uid, gid, groups }, voice)
  } catch (error) {
    native.closeDescriptor(userfaultfd)
    throw error
  }
  try {
    session.activate({ client, resumedSession, isAdopted: true })
    const space = session.attach(userfaultfd, abilities, { layoutBook: bookOf(past, keeper) })
    sessions.noteAttached(session, space, past)
    process.watch(() => void session.end("the process has ended"))
    return session
  } catch (error) {
    void session.end(reasonOf(error))
    throw error
  }
}

async function mapAll(
  regions: readonly PastRegion[],
  session: Session,
  { images, log }: AdoptionScope,
): Promise<void> {
  const lost = session.hasUnknownLayout ? loseAll(regions, images) : undefined
  const one = async ({ image, ...past }: PastRegion) => {
    const { region, mode } = past
    try {
      const wish = { ...image, mode, lengthBytes: endOf(past) }
      const found = lost?.get(image.name) ?? images.resume(wish, session.peer)
      await session.map({ ...past, image: found, why: "as with the manager before" })
    } catch (error) {
      const message = "cannot serve a region of an adopted session: its missing pages block"
      log.error({ session: session.id, region, reason: reasonOf(error) }, message)
    }
  }
  await Promise.all(regions.map(one))
}

/** One image a name, however many regions show it. */
function loseAll(regions: readonly PastRegion[], images: ImageRegistry): Map<string, Image> {
  const lengths = new Map<string, bigint>()
  for (const past of regions) {
    const known = lengths.get(past.image.name) ?? 0n
    const end = endOf(past)
    lengths.set(past.image.name, end > known ? end : known)
  }
  const reason = "what its client did to its memory is not known any more"
  const lose = ([name, length]: [string, bigint]) =>
    [name, images.lose(name, length, reason)] as const
  return new Map([...lengths].map(lose))
}

const endOf = ({ offsetBytes, lengthBytes }: Pick<PastRegion, "offsetBytes" | "lengthBytes">) =>
  offsetBytes + lengthBytes

async function inTime<T>(answer: Promise<T>): Promise<T> {
  const timer = new AbortController()
  const late = pause(patienceMs, undefined, { signal: timer.signal }).then(() => {
    throw new Stuck(`it does not let itself be looked at within ${patienceMs} ms`)
  })
  late.catch(() => {})
  try {
    return await Promise.race([answer, late])
  } finally {
    timer.abort()
  }
}
