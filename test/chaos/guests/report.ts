import { median, most, total } from "../figures.js"
import type { GuestRun } from "./guest_run.js"

/** What a run came to. Field names are read by others: add, and do not rename. */
export interface GuestReport {
  seed: number
  seconds: number
  passed: boolean
  /** False while the run goes on, and of one that was ended by a signal. */
  finished: boolean
  /** null before the first VM is there. */
  mode: "kvm" | "plain" | null
  image_bytes: number
  image_disk_bytes: number
  vms: number
  vcpus: number
  kills: number
  /** Guests that a kill met in the midst of their work, and all that it might have met so. */
  guests_at_work: number
  guests_met: number
  /** As the managers counted them, as they were last looked at. */
  faults: number
  pages_poisoned: number
  /** Words that guests read or wrote, and pages of which every byte was looked at. */
  touches: number
  writes: number
  pages_inspected: number
  wrong: number
  failed: number
  lost_vms: number
  manager_failures: number
  /** From a kill until the next manager served. */
  back_ms_median: number | null
  back_ms_max: number | null
  /** Over the kills, the longest touch that a guest had. */
  stall_ms_median: number | null
  stall_ms_max: number | null
  findings: string[]
}

/** Of a run that has ended, or as far as it has come. */
export function guestReportOf(run: GuestRun, diskBytes: number, seconds: number): GuestReport {
  const { options, rounds, touches, findings, daemon } = run
  const { faults, pagesPoisoned } = daemon.tally
  const back = rounds.map(({ backMs }) => backMs)
  const longest = rounds.map(({ longestMs }) => longestMs)
  const texts = [...findings.lostClients.values(), ...findings.managers, ...findings.wrongBytes]
  return {
    seed: options.seed,
    seconds,
    passed: texts.length === 0,
    finished: run.hasFinished,
    mode: run.firstVmm?.ready.mode ?? null,
    image_bytes: options.bytes,
    image_disk_bytes: diskBytes,
    vms: options.vms,
    vcpus: options.vcpus,
    kills: run.kills,
    guests_at_work: total(rounds.map(({ atWork }) => atWork)),
    guests_met: rounds.length * options.vms,
    faults,
    pages_poisoned: pagesPoisoned,
    touches: touches.accesses - touches.inspected,
    writes: touches.writes,
    pages_inspected: touches.inspected,
    wrong: touches.wrong,
    failed: touches.failed,
    lost_vms: findings.lostClients.size,
    manager_failures: findings.managers.length,
    back_ms_median: median(back),
    back_ms_max: most(back),
    stall_ms_median: median(longest),
    stall_ms_max: most(longest),
    findings: texts,
  }
}
