import type { Config } from "../config.js"
import type { PoisonedEvent } from "../engine/engine.js"
import { LogBudget, type Logger } from "../log.js"
import type { Users } from "./users.js"

/** Lines in the log about one session's poisoned pages, and about its refused requests. */
const linesMax = 5
const linesSpanMs = 10_000

export const wantOfMemory = {
  found: "the kernel has no memory for this client's pages",
  remedy: "raise memory.max of its control group or this manager's, or end something there",
}

export interface SessionLogScope {
  readonly session: string
  readonly pid: number
  readonly uid: number
  readonly users: Users
  readonly limits: Pick<Config["limits"], "framesPerSecondMax">
  readonly log: Logger
}

/**
 * What the log says of one session: few lines of each kind, and of all that its user is granted.
 * JS thread; owned by the session.
 */
export class SessionLog {
  private readonly poisonLines = new LogBudget(linesMax, linesSpanMs)
  private readonly refusalLines = new LogBudget(linesMax, linesSpanMs)
  private readonly throttleLines = new LogBudget(1, linesSpanMs)
  private readonly starvedLines = new LogBudget(1, linesSpanMs)
  private readonly unservedLines = new LogBudget(1, linesSpanMs)

  constructor(private readonly scope: SessionLogScope) {}

  poisoned({ region, offsetBytes, reason }: PoisonedEvent): void {
    const facts = { region, offset_bytes: Number(offsetBytes), reason }
    this.poisonLines.spend((lines_withheld) => {
      this.warn(
        { ...facts, lines_withheld },
        "poisoned a page: touching it is SIGBUS; mend its image's source and map or reset it again",
      )
    })
  }

  starved(region: number): void {
    const { found, remedy } = wantOfMemory
    this.starvedLines.spend((lines_withheld) => {
      const message = `${found}: its faults wait and are tried again, those of others go on`
      this.warn({ region, lines_withheld }, `${message}; ${remedy}`)
    })
  }

  refused(code: string, message: string): void {
    this.refusalLines.spend((lines_withheld) => this.warn({ code, lines_withheld }, message))
  }

  throttled(): void {
    const { framesPerSecondMax } = this.scope.limits
    this.throttleLines.spend((lines_withheld) => {
      const facts = { frames_per_second_max: framesPerSecondMax, lines_withheld }
      const remedy = "see to that client, or raise limits.frames_per_second_max"
      this.warn(facts, `sends frames too fast: its socket is read less often; ${remedy}`)
    })
  }

  unservedChild(): void {
    this.unservedLines.spend((lines_withheld) => {
      this.warn({ lines_withheld }, "a forked child is not served, and waits: there are too many")
    })
  }

  warn(facts: object, message: string): void {
    const { session, pid } = this.scope
    this.tell("warn", { session, pid, ...facts }, message)
  }

  tell(level: "info" | "warn", facts: object, message: string): void {
    const { users, uid, log } = this.scope
    users.spendLine(uid, (withheld) => {
      log[level](withheld === 0 ? facts : { ...facts, user_lines_withheld: withheld }, message)
    })
  }
}
