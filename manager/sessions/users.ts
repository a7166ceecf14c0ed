import type { Limits } from "../config.js"
import { ClientError } from "../errors.js"
import type { ImageRegistry } from "../images/registry.js"
import { LogBudget } from "../log.js"
import type { SocketModule } from "../sockets/native.js"
import { TimeShare } from "../sockets/time_share.js"

/** What all sessions of one user have together. */
export interface UserAccount {
  sessions: number
  regions: number
  /** Address space of these regions. */
  lengthBytes: bigint
  /** Prefaults and loads that are under way. */
  bulkRequests: number
  readonly frameTime: TimeShare
}

const nothing = { sessions: 0, regions: 0, lengthBytes: 0n, bulkRequests: 0 }

/** Lines in the log about one user's sessions; a session that only comes and goes is two. */
const linesMax = 500
const linesSpanMs = 10_000
const linesUsersMax = 256

/** Held for each: socket, pidfd and userfaultfd; the image's memory and the file behind it. */
const descriptorsOf = { session: 3, "published image": 2 } as const

/**
 * What each user takes of this manager, over all their sessions: with limits per session alone a
 * user would only have to connect once more. JS thread.
 */
export class Users {
  private readonly accounts = new Map<number, UserAccount>()
  /** Outlive the user's last session: who comes again and again has one budget. */
  private readonly lines = new Map<number, LogBudget>()

  constructor(
    private readonly limits: Limits,
    private readonly images: Pick<ImageRegistry, "publishedBy">,
    private readonly native: Pick<SocketModule, "closingFor">,
  ) {}

  accountOf(uid: number): UserAccount {
    const account = this.accounts.get(uid) ?? { ...nothing, frameTime: new TimeShare() }
    this.accounts.set(uid, account)
    return account
  }

  /** Writes a line about the user, unless there have been too many. */
  spendLine(uid: number, write: (linesWithheld: number) => void): void {
    const budget = this.lines.get(uid) ?? new LogBudget(linesMax, linesSpanMs)
    // The user heard of last goes last.
    this.lines.delete(uid)
    this.lines.set(uid, budget)
    for (const oldest of this.lines.keys()) {
      if (this.lines.size <= linesUsersMax) break
      this.lines.delete(oldest)
    }
    budget.spend(write)
  }

  sessionsOf(uid: number): number {
    return this.accounts.get(uid)?.sessions ?? 0
  }

  /** A frame of theirs has taken so long. How long their next one has to wait. */
  spendFrameTime(account: UserAccount, tookMs: number): number {
    const pauseMs = account.frameTime.spend(tookMs)
    return this.accounts.size > 1 ? pauseMs : 0
  }

  /** A prefault or a load. Rejects with a ClientError when too many are under way. */
  async runBulk<T>(uid: number, run: () => Promise<T>): Promise<T> {
    const account = this.accountOf(uid)
    const { bulkRequestsPerUidMax } = this.limits
    if (account.bulkRequests >= bulkRequestsPerUidMax) {
      const found = `User ${uid} has ${account.bulkRequests} prefaults and loads under way`
      throw new ClientError("busy", `${found}, the most that one user may have`)
    }
    account.bulkRequests += 1
    try {
      return await run()
    } finally {
      account.bulkRequests -= 1
    }
  }

  /** To be called once the last session of a user has ended. */
  forget(uid: number): void {
    if (this.sessionsOf(uid) === 0) this.accounts.delete(uid)
  }

  /** Throws a ClientError when there is no room for one more of these. */
  checkDescriptors(uid: number, what: keyof typeof descriptorsOf): void {
    const { descriptorsPerUidMax } = this.limits
    const held = this.descriptorsFor(uid)
    if (held + descriptorsOf[what] <= descriptorsPerUidMax) return
    const found = `This manager holds ${held} descriptors for user ${uid}`
    const code = what === "session" ? "too_many_sessions" : "busy"
    const wanted = `wanted at most ${descriptorsPerUidMax} with one more ${what}`
    throw new ClientError(code, `${found}, ${wanted}`)
  }

  private descriptorsFor(uid: number): number {
    const sessions = this.sessionsOf(uid)
    const published = this.images.publishedBy(uid).images
    const open = sessions * descriptorsOf.session + published * descriptorsOf["published image"]
    return open + this.native.closingFor(uid)
  }
}
