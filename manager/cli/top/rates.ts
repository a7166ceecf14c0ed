import { pageBytes } from "../../../protocol/limits.js"
import type { InfoView, SessionView, StatsView } from "../../view.js"
import { faultsOf } from "../ps.js"

/** What top asks the manager at one moment. */
export interface Sample {
  readonly atMs: number
  readonly info: InfoView
  readonly stats: StatsView
  readonly sessions: readonly SessionView[]
}

/** Differences of counters by time. */
export interface Rates {
  readonly faults_per_s: number
  readonly copied_bytes_per_s: number
  /** Installed as images' own pages. */
  readonly shared_bytes_per_s: number
}

export interface SessionRates extends Rates {
  readonly session: SessionView
}

/** What happened between two samples, the busiest session first. */
export interface Activity {
  readonly sample: Sample
  readonly interval_s: number
  readonly totals: Rates
  readonly sessions: readonly SessionRates[]
}

/** Without an earlier sample, or after a restart of the manager, nothing has happened yet. */
export function activityBetween(earlier: Sample | undefined, sample: Sample): Activity {
  const isSame = earlier?.info.started_at === sample.info.started_at
  const before = isSame ? earlier : undefined
  const intervalS = before === undefined ? 0 : (sample.atMs - before.atMs) / 1e3
  const sessions = sample.sessions.map((session) => {
    // A session that came in between began at zero.
    const old = before?.sessions.find(({ id }) => id === session.id)
    return { session, ...ratesOf(old, session, intervalS) }
  })
  return {
    sample,
    interval_s: intervalS,
    totals: ratesOf(before?.stats, sample.stats, intervalS),
    sessions: sessions.sort((left, right) => right.faults_per_s - left.faults_per_s),
  }
}

type Counted = Pick<StatsView, "faults" | "bytes_copied" | "pages_continued">

function ratesOf(old: Counted | undefined, now: Counted, intervalS: number): Rates {
  if (intervalS <= 0) return { faults_per_s: 0, copied_bytes_per_s: 0, shared_bytes_per_s: 0 }
  const faults = faultsOf(now) - (old === undefined ? 0 : faultsOf(old))
  const copiedBytes = now.bytes_copied - (old?.bytes_copied ?? 0)
  const sharedBytes = (now.pages_continued - (old?.pages_continued ?? 0)) * pageBytes
  return {
    faults_per_s: faults / intervalS,
    copied_bytes_per_s: copiedBytes / intervalS,
    shared_bytes_per_s: sharedBytes / intervalS,
  }
}
