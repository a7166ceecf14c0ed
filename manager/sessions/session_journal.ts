import { z } from "zod"
import { access, onDiscard, takenMode } from "../../protocol/messages.js"
import { bootId } from "../boot.js"
import { reasonOf } from "../errors.js"
import type { Logger } from "../log.js"
import type { SocketModule } from "../sockets/native.js"
import type { StateDirectory } from "../state/state_directory.js"
import type { Region } from "./region_book.js"
import type { Session } from "./session.js"

const bytes = z.string().regex(/^\d+$/).transform(BigInt)

const header = z.object({
  boot: z.string(),
  session: z.string(),
  /** 0 for a forked child: it is known by its userfaultfd alone. */
  pid: z.number().int().min(0),
  /** Another process that comes to have the pid has another. */
  identity: z.string(),
  uid: z.number(),
  gid: z.number(),
  groups: z.array(z.number()),
  client: z.string(),
  dialect: z.enum(["native", "firecracker"]).default("native"),
  /** Of a forked child: whose it is, and the number that its userfaultfd had in that manager. */
  child: z
    .object({ parent: z.string().optional(), userfaultfd: z.number().int().min(0) })
    .optional(),
  /** Of one that can change its layout: the numbers that these had in that manager. */
  kept: z
    .object({ layoutBook: z.number().int().min(0), userfaultfd: z.number().int().min(0) })
    .optional(),
  /** The file of the session that this one goes on with. */
  follows: z.string().optional(),
})

const regionLine = z.object({
  region: z.number().int().min(1),
  image: z.object({ id: z.number(), key: z.string(), name: z.string() }),
  address: bytes,
  lengthBytes: bytes,
  offsetBytes: bytes,
  windowBytes: z.number(),
  mode: takenMode,
  access,
  onDiscard: onDiscard.optional(),
  isTailZero: z.boolean().optional(),
  pageBytes: z.number().optional(),
})

const endLine = z.object({ ended: z.number() })
const populateLine = z.object({ populateBytesPerSecond: z.number() })
/** Among the lines of regions, whose numbers begin at 1. */
const populateKey = 0

export type PastRegion = z.output<typeof regionLine>

/** What another session goes on with: where it stands, and its line for each region. */
export interface Followed {
  readonly file: string
  readonly lines: ReadonlyMap<number, string>
}

/** A session of an earlier manager of this boot, whose client does not come by itself. */
export interface PastSession extends z.output<typeof header>, Followed {
  /** Tells the manager that wrote it from others. */
  readonly manager: string
  readonly regions: readonly PastRegion[]
  /** It was to be populated, and then let go. */
  readonly populateBytesPerSecond: number | undefined
}

const filePattern = /^session-([0-9a-z]+)-s[0-9.]+\.jsonl$/
/** Lines about regions that have ended, before a file is written anew. */
const staleLinesMax = 1_024

/**
 * What a manager that comes after a kill -9 has to know to serve clients who never notice: a file
 * for each of their sessions, a line for each of its regions. Nothing waits for the disk: what does
 * not survive a crash of the machine is of no use after one. JS thread.
 */
export class SessionJournal {
  readonly past: readonly PastSession[]
  private readonly boot = bootId()
  /** Tells this manager's files from those of the one before. */
  readonly manager = Date.now().toString(36)
  private isFrozen = false

  constructor(
    private readonly state: StateDirectory,
    private readonly native: Pick<SocketModule, "ClientProcess">,
    private readonly log: Logger,
  ) {
    const names = state.list().filter((name) => filePattern.test(name))
    const past = names.map((name) => this.read(name)).filter((found) => found !== undefined)
    // A manager that was killed while it adopted has left both.
    const followed = new Set(past.map(({ follows }) => follows))
    for (const { file } of past) if (followed.has(file)) this.remove(file)
    this.past = past.filter(({ file }) => !followed.has(file))
  }

  /**
   * To be called once there is something to serve. Undefined for a process that cannot be seen.
   * `follows`: what stands there stands in this one from the first moment on.
   */
  begin(session: Session, follows?: Followed): SessionRecord | undefined {
    const { pid, uid, gid, groups } = session.peer
    const { parent, userfaultfd, layoutBook } = session
    const child = session.isChild ? { parent, userfaultfd } : undefined
    const kept = layoutBook === undefined ? undefined : { layoutBook, userfaultfd }
    const identity = identityOf(pid, this.native)
    if (identity === "" && child === undefined) return undefined
    const record: z.input<typeof header> = {
      ...{ boot: this.boot, session: session.id, pid, identity, uid, gid, groups: [...groups] },
      ...{ client: session.client, dialect: session.dialect, child, kept },
      ...(follows && { follows: follows.file }),
    }
    const file = `session-${this.manager}-${session.id}.jsonl`
    return new SessionRecord(this, file, lineOf(record), follows?.lines)
  }

  /** Nobody will need it any more. */
  remove(file: string): void {
    if (this.isFrozen) return
    this.attempt(file, () => this.state.remove(file))
  }

  replace(file: string, lines: readonly string[]): boolean {
    return this.attempt(file, () => this.state.write(file, Buffer.from(lines.join(""))))
  }

  /** False when only part of it may be there now. */
  append(file: string, line: string): boolean {
    return this.attempt(file, () => this.state.append(file, Buffer.from(line)))
  }

  /** This manager ends, and its clients do not: what it served is the next one's. */
  freeze(): void {
    this.isFrozen = true
  }

  /** A failure is the state directory's to tell: the session is served all the same. */
  private attempt(file: string, write: () => void): boolean {
    try {
      write()
      return true
    } catch (error) {
      this.log.debug({ file, reason: reasonOf(error) }, "a session is not in the journal")
      return false
    }
  }

  private read(file: string): PastSession | undefined {
    try {
      const lines = String(this.state.read(file)).split("\n")
      // What was being written when the manager was killed: nobody was told that it is kept.
      lines.pop()
      const known = header.parse(JSON.parse(lines.shift() ?? ""))
      const manager = filePattern.exec(file)?.[1] ?? ""
      if (known.boot === this.boot) return { ...known, file, manager, ...readNoted(lines) }
    } catch (error) {
      this.log.warn({ file, reason: reasonOf(error) }, "a journal entry cannot be read")
    }
    this.remove(file)
    return undefined
  }
}

/** One session's file. */
export class SessionRecord implements Followed {
  readonly lines: Map<number, string>
  private staleLines = 0
  private isWhole: boolean

  constructor(
    private readonly journal: SessionJournal,
    readonly file: string,
    private readonly header: string,
    lines: ReadonlyMap<number, string> = new Map(),
  ) {
    this.lines = new Map(lines)
    this.isWhole = journal.replace(file, [header, ...lines.values()])
  }

  noteMapped(region: Region): void {
    const line = regionLineOf(region)
    this.lines.set(region.region, line)
    this.add(line)
  }

  noteAllMapped(regions: readonly Region[]): void {
    for (const region of regions) this.lines.set(region.region, regionLineOf(region))
    this.writeAll()
  }

  /** All of its memory is to be brought, and then it is to be let go. */
  notePopulate(populateBytesPerSecond: number): void {
    const line = lineOf({ populateBytesPerSecond })
    this.lines.set(populateKey, line)
    this.add(line)
  }

  noteEnded(region: number): void {
    if (!this.lines.delete(region)) return
    this.staleLines += 2
    this.add(lineOf({ ended: region }))
  }

  /** The session has ended, and so has what there was to go on with. */
  end(): void {
    this.journal.remove(this.file)
  }

  private add(line: string): void {
    const isLong = this.staleLines > staleLinesMax + this.lines.size
    if (this.isWhole && !isLong) {
      this.isWhole = this.journal.append(this.file, line)
      return
    }
    this.writeAll()
  }

  private writeAll(): void {
    this.staleLines = 0
    this.isWhole = this.journal.replace(this.file, [this.header, ...this.lines.values()])
  }
}

function regionLineOf({ image, region, windowBytes, ...rest }: Region): string {
  const { address, lengthBytes, offsetBytes, mode, access, onDiscard, isTailZero } = rest
  const { pageBytes } = rest
  const { id, key, name } = image
  return lineOf({
    ...{ region, image: { id, key, name } },
    ...{ address: `${address}`, lengthBytes: `${lengthBytes}`, offsetBytes: `${offsetBytes}` },
    ...{ windowBytes, mode, access, onDiscard, isTailZero, pageBytes },
  })
}

type Noted = Pick<PastSession, "regions" | "lines" | "populateBytesPerSecond">

function readNoted(noted: readonly string[]): Noted {
  const regions = new Map<number, PastRegion>()
  const lines = new Map<number, string>()
  let populateBytesPerSecond: number | undefined
  for (const line of noted) {
    const value: unknown = JSON.parse(line)
    const end = endLine.safeParse(value)
    const populate = populateLine.safeParse(value)
    if (populate.success) {
      populateBytesPerSecond = populate.data.populateBytesPerSecond
      lines.set(populateKey, `${line}\n`)
    } else if (end.success) {
      regions.delete(end.data.ended)
      lines.delete(end.data.ended)
    } else {
      const region = regionLine.parse(value)
      regions.set(region.region, region)
      lines.set(region.region, `${line}\n`)
    }
  }
  return { regions: [...regions.values()], lines, populateBytesPerSecond }
}

function identityOf(pid: number, native: Pick<SocketModule, "ClientProcess">): string {
  if (pid === 0) return ""
  try {
    const process = new native.ClientProcess(pid)
    const { identity } = process
    process.close()
    return identity
  } catch {
    return ""
  }
}

const lineOf = (value: object): string => `${JSON.stringify(value)}\n`
