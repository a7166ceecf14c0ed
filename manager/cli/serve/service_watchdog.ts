import type { Logger } from "../../log.js"
import type { Notice } from "./service_notices.js"

/**
 * How often systemd wants to hear of us, when it does: twice within WATCHDOG_USEC. Undefined when
 * it does not, or means another process.
 */
export function watchdogIntervalMs(
  environment: NodeJS.ProcessEnv,
  pid = process.pid,
): number | undefined {
  const { WATCHDOG_USEC, WATCHDOG_PID } = environment
  const periodUs = /^\d{1,15}$/.test(WATCHDOG_USEC ?? "") ? Number(WATCHDOG_USEC) : 0
  const isForUs = WATCHDOG_PID === undefined || WATCHDOG_PID === String(pid)
  return periodUs > 0 && isForUs ? Math.max(1, Math.floor(periodUs / 2_000)) : undefined
}

/**
 * Says WATCHDOG=1 as long as this thread runs and every fault thread has answered since the last
 * time. One that is stuck may hold faults that nobody else can end; a restart gives them back to
 * the kernel, and clients resume with the next manager.
 */
export class ServiceWatchdog {
  private answered: readonly number[] = []

  constructor(
    /** How often each fault thread has answered so far; asks for one more answer. */
    private readonly askPulses: () => readonly number[],
    private readonly notify: Notice,
    private readonly log: Pick<Logger, "error">,
  ) {}

  /** Call it once an interval. */
  check(): void {
    const before = this.answered
    this.answered = this.askPulses()
    const stuck = this.answered.flatMap((count, thread) => (count === before[thread] ? thread : []))
    if (stuck.length === 0) {
      this.notify("WATCHDOG=1")
      return
    }
    const message =
      "fault threads do not answer: unless they do, systemd restarts this manager; " +
      "look where they are in /proc/PID/task/*/stack"
    this.log.error({ fault_threads: stuck, pid: process.pid }, message)
  }
}
