import { takenMode } from "../../protocol/messages.js"
import type { FaultCounters } from "../engine/native.js"
import type { Session } from "../sessions/session.js"
import type { FaultCountsView, ModeCountsView, WatchdogView } from "../view.js"
import type { WatchdogCounts } from "../watchdog/watchdog.js"

export function faultCountsView(counters: FaultCounters): FaultCountsView {
  const { serviceUs } = counters
  return {
    faults: {
      missing: counters.missing,
      minor: counters.minor,
      write_protect: counters.writeProtect,
    },
    outcomes: {
      installed: counters.installed,
      already_present: counters.alreadyPresent,
      deferred: counters.deferred,
      discarded: counters.discarded,
      failed: counters.failed,
    },
    pages_copied: counters.pagesCopied,
    pages_zeroed: counters.pagesZeroed,
    pages_continued: counters.pagesContinued,
    pages_poisoned: counters.pagesPoisoned,
    bytes_copied: counters.bytesCopied,
    fault_service_us_p50: serviceUs.p50,
    fault_service_us_p90: serviceUs.p90,
    fault_service_us_p99: serviceUs.p99,
    fault_service_us_max: serviceUs.max,
  }
}

/** How many regions of the sessions there are of each mode. */
export function modeCountsView(sessions: readonly Pick<Session, "regions">[]): ModeCountsView {
  const counts = { copy: 0, share: 0, cow: 0 }
  for (const { regions } of sessions) {
    for (const mode of takenMode.options) counts[mode] += regions.ofMode(mode)
  }
  return counts
}

export function watchdogView(counts: WatchdogCounts): WatchdogView {
  return {
    stuck_faults: { ...counts.stuck },
    wakes: counts.wakes,
    given_up: counts.givenUp,
    clients_killed: counts.kills,
    faults_forgotten: counts.forgotten,
    watch_retries: counts.watchRetries,
  }
}

const noLatency = { count: 0, p50: 0, p90: 0, p99: 0, max: 0 }

/** Of a session that has no address space yet, or none any more. */
export const noFaults: FaultCounters = {
  missing: 0,
  minor: 0,
  writeProtect: 0,
  installed: 0,
  alreadyPresent: 0,
  deferred: 0,
  discarded: 0,
  failed: 0,
  pagesCopied: 0,
  pagesContinued: 0,
  pagesZeroed: 0,
  pagesPoisoned: 0,
  bytesCopied: 0,
  serviceUs: noLatency,
}
