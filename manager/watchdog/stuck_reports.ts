import { LogBudget, type Logger } from "../log.js"
import { hex } from "../sessions/region_book.js"
import type { Session } from "../sessions/session.js"
import { advice, type StuckFault, type StuckIn } from "./findings.js"

/** Lines about stuck faults of all sessions together. */
const linesMax = 10
const linesSpanMs = 10_000

/** What was said of the oldest fault of one space, and when it is said again. */
interface Told {
  readonly address: bigint | undefined
  readonly stuckIn: StuckIn
  nextAgeMs: number
  round: number
}

/**
 * The log's lines about stuck faults: each fault when it is found, and again whenever its age has
 * doubled. JS thread.
 */
export class StuckReports {
  private readonly lines = new LogBudget(linesMax, linesSpanMs)
  private readonly told = new Map<number, Told>()
  private round = 0

  constructor(private readonly log: Logger) {}

  /** Forgets those that the rounds before have not found any more. */
  beginRound(roundsKept: number): void {
    this.round += 1
    for (const [space, { round }] of this.told) {
      if (round + roundsKept < this.round) this.told.delete(space)
    }
  }

  /** True for one that was not told of before. */
  tell(session: Session, fault: StuckFault, consequence: string): boolean {
    const before = this.told.get(fault.space)
    const isNew = before?.address !== fault.address || before?.stuckIn !== fault.stuckIn
    const { address, stuckIn, ageMs, space } = fault
    const isDue = isNew || ageMs >= before.nextAgeMs
    const nextAgeMs = isDue ? ageMs * 2 : before.nextAgeMs
    this.told.set(space, { address, stuckIn, nextAgeMs, round: this.round })
    if (isDue) this.write(session, fault, consequence)
    return isNew
  }

  private write(session: Session, fault: StuckFault, consequence: string): void {
    const { address, ageMs, stuckIn } = fault
    const region = address === undefined ? undefined : session.regions.at(address)
    this.lines.spend((linesWithheld) => {
      const facts = {
        session: session.id,
        pid: session.peer.pid,
        ...(region !== undefined && { region: region.region, image: region.image.name }),
        ...(address !== undefined && { address: hex(address) }),
        age_ms: Math.round(ageMs),
        stuck_in: stuckIn,
        lines_withheld: linesWithheld,
      }
      this.log.warn(facts, `a fault is stuck: ${advice[stuckIn]}${consequence}`)
    })
  }
}
