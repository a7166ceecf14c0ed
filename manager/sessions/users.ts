import type { Limits } from "../config.js"
import { ClientError } from "../errors.js"
import type { ImageRegistry } from "../images/registry.js"
import type { SocketModule } from "../sockets/native.js"

/** What all sessions of one user have together. */
export interface UserAccount {
  sessions: number
  regions: number
  /** Address space of these regions. */
  lengthBytes: bigint
  /** Prefaults and loads that are under way. */
  bulkRequests: number
}

const nothing: UserAccount = { sessions: 0, regions: 0, lengthBytes: 0n, bulkRequests: 0 }

/** Held for each: socket, pidfd and userfaultfd; the image's memory and the file behind it. */
const descriptorsOf = { session: 3, "published image": 2 } as const

/**
 * What each user takes of this manager, over all their sessions: with limits per session alone a
 * user would only have to connect once more. JS thread.
 */
export class Users {
  private readonly accounts = new Map<number, UserAccount>()

  constructor(
    private readonly limits: Limits,
    private readonly images: Pick<ImageRegistry, "publishedBy">,
    private readonly native: Pick<SocketModule, "closingFor">,
  ) {}

  accountOf(uid: number): UserAccount {
    const account = this.accounts.get(uid) ?? { ...nothing }
    this.accounts.set(uid, account)
    return account
  }

  sessionsOf(uid: number): number {
    return this.accounts.get(uid)?.sessions ?? 0
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
