import type { Config } from "../config.js"
import type { ForgottenEvent } from "../engine/engine.js"
import type { NativeEngine } from "../engine/native.js"
import { LogBudget, type Logger } from "../log.js"
import { hex } from "../sessions/region_book.js"
import type { Session } from "../sessions/session.js"
import type { Sessions } from "../sessions/sessions.js"
import { advice, isGivenUpByPoison, type StuckFault, type StuckIn } from "./findings.js"
import { QueueWatch, type StillQueue } from "./queue_watch.js"
import { StuckReports } from "./stuck_reports.js"

export interface WatchdogServices {
  readonly engine: NativeEngine
  readonly sessions: Pick<Sessions, "bySpace">
  readonly settings: Config["watchdog"]
  readonly log: Logger
}

/** What a watchdog has done since its manager started. */
export interface WatchdogCounts {
  /** Faults that were found stuck, each once in each place. */
  readonly stuck: { source: number; deferred: number; ioctl: number; queue: number }
  wakes: number
  /** Times that a session's faults beyond the limit were given up. */
  givenUp: number
  kills: number
  /** Faults that were read and that nobody kept. */
  forgotten: number
  watchRetries: number
}

/** Address spaces with a stuck fault that are seen to in one round, in turn. */
const stuckPerRoundMax = 64
/** Every space with a stuck fault has had its turn by then: 16,384 of them at most. */
const roundsKept = 16_384 / stuckPerRoundMax
const bugLinesMax = 5
const bugLinesSpanMs = 10_000

/**
 * Finds faults that wait for too long, says so, and sees to it that they end: once a second, with a
 * bounded amount of work. It looks at counters and at what the kernel shows of a userfaultfd, and
 * takes no lock of the fault path. JS thread.
 */
export class Watchdog {
  readonly counts: WatchdogCounts = {
    stuck: { source: 0, deferred: 0, ioctl: 0, queue: 0 },
    wakes: 0,
    givenUp: 0,
    kills: 0,
    forgotten: 0,
    watchRetries: 0,
  }
  private readonly queues: QueueWatch
  private readonly reports: StuckReports
  private readonly bugLines = new LogBudget(bugLinesMax, bugLinesSpanMs)
  private readonly killed = new WeakSet<Session>()
  private timer: NodeJS.Timeout | undefined
  private lastSpace = 0

  constructor(private readonly services: WatchdogServices) {
    this.queues = new QueueWatch(services.engine)
    this.reports = new StuckReports(services.log)
  }

  start(): void {
    this.timer = setInterval(() => this.round(), this.services.settings.roundMs).unref()
  }

  stop(): void {
    clearInterval(this.timer)
  }

  /** How long the oldest fault of a space has been unread; undefined while that is no trouble. */
  unreadForMs(space: number): number | undefined {
    return this.queues.unreadForMs(space, performance.now())
  }

  round(): void {
    const nowMs = performance.now()
    this.reports.beginRound(roundsKept)
    this.retryWatches()
    const stuck = this.findStuck()
    for (const fault of stuck) this.seeTo(fault)
    const known = new Set(stuck.map(({ space }) => space))
    for (const queue of this.queues.round(nowMs)) {
      if (!known.has(queue.space)) this.seeToQueue(queue, nowMs - queue.sinceMs)
    }
  }

  /** The engine has found a fault listed that nobody keeps, and has woken it. */
  noteForgotten({ space, address }: ForgottenEvent): void {
    this.tellForgotten(space, 1, { address: hex(address) })
  }

  private retryWatches(): void {
    for (const space of this.services.engine.unwatchedSpaces(0, stuckPerRoundMax)) {
      this.counts.watchRetries += 1
      this.services.engine.wakeFaults(space, 0n)
    }
  }

  private findStuck(): StuckFault[] {
    const { engine, settings } = this.services
    const from = this.lastSpace
    const found = engine.stuckFaults(from, settings.faultAgeMs, stuckPerRoundMax)
    const room = stuckPerRoundMax - found.length
    if (from > 0 && room > 0) {
      const again = engine.stuckFaults(0, settings.faultAgeMs, room)
      found.push(...again.filter(({ space }) => space <= from))
    }
    this.lastSpace = found.at(-1)?.space ?? 0
    return found.map(({ place, ...fault }) => ({ ...fault, stuckIn: place }))
  }

  private seeTo(fault: StuckFault): void {
    const session = this.services.sessions.bySpace(fault.space)
    if (session === undefined) return
    const { policy, limitMs } = this.services.settings
    const isBeyond = policy !== "log" && fault.ageMs >= limitMs
    const action = isBeyond ? actionOf(policy, fault.stuckIn) : "wake"
    const isNew = this.reports.tell(session, fault, consequences[action])
    if (isNew) this.counts.stuck[fault.stuckIn] += 1
    if (action === "kill") this.kill(session, fault)
    else if (action === "poison") this.giveUp(fault)
    else this.wake(fault)
  }

  private wake({ space, address = 0n }: StuckFault): void {
    this.counts.wakes += 1
    this.services.engine.wakeFaults(space, address)
  }

  private giveUp({ space, stuckIn }: StuckFault): void {
    const { limitMs } = this.services.settings
    this.counts.givenUp += 1
    const reason = `the page was not there after ${limitMs} ms (stuck in ${stuckIn})`
    this.services.engine.giveUpFaults(space, limitMs, reason)
  }

  private kill(session: Session, { ageMs, stuckIn }: StuckFault): void {
    if (this.killed.has(session)) return
    this.killed.add(session)
    this.counts.kills += 1
    const age_ms = Math.round(ageMs)
    const facts = { session: session.id, pid: session.peer.pid, age_ms, stuck_in: stuckIn }
    const message = "killed a client whose fault was stuck beyond watchdog.limit_ms"
    this.services.log.error(facts, `${message}: ${advice[stuckIn]}`)
    session.kill(`A fault was stuck in ${stuckIn} for ${age_ms} ms`)
  }

  private seeToQueue(queue: StillQueue, ageMs: number): void {
    const { faultAgeMs } = this.services.settings
    const { space, unread, read, hasStrays } = queue
    if (unread > 0) {
      if (ageMs < faultAgeMs) return
      this.seeTo({ space, address: undefined, ageMs, stuckIn: "queue" })
    } else if (!hasStrays) {
      this.tellForgotten(space, read, {})
      this.services.engine.wakeFaults(space, 0n)
    } else if (ageMs >= faultAgeMs) {
      // The client's own doing, most likely: but it may hide one that is ours.
      this.services.engine.wakeFaults(space, 0n)
    }
  }

  private tellForgotten(space: number, faults: number, found: object): void {
    this.counts.forgotten += faults
    const session = this.services.sessions.bySpace(space)
    const facts = { session: session?.id, pid: session?.peer.pid, faults, ...found }
    this.bugLines.spend((linesWithheld) => {
      this.services.log.error(
        { ...facts, lines_withheld: linesWithheld },
        "a fault was read and then forgotten, and is woken now: a bug of pagerd, please report it",
      )
    })
  }
}

type Action = "wake" | "poison" | "kill"

/** What is read by no fault thread may be another client's fault: nobody is killed for it. */
function actionOf(policy: "poison" | "kill", stuckIn: StuckIn): Action {
  if (policy === "kill") return stuckIn === "queue" ? "wake" : "kill"
  return isGivenUpByPoison(stuckIn) ? "poison" : "wake"
}

const consequences: Readonly<Record<Action, string>> = {
  wake: "",
  poison: "; by watchdog.policy its page is poisoned now",
  kill: "; by watchdog.policy its client is killed now",
}
