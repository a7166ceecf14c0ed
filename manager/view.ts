/**
 * What the debug socket shows. Field names are snake_case with units; other software reads them, so
 * add and never rename. Counters count since the start of the session or of the manager.
 */

export interface LatencyView {
  fault_service_us_p50: number
  fault_service_us_p90: number
  fault_service_us_p99: number
  fault_service_us_max: number
}

export interface FaultCountsView extends LatencyView {
  faults: { missing: number; minor: number; write_protect: number }
  outcomes: {
    installed: number
    already_present: number
    deferred: number
    discarded: number
    failed: number
  }
  pages_copied: number
  pages_zeroed: number
  pages_poisoned: number
  bytes_copied: number
}

export interface InfoView {
  name: "pagerd"
  version: string
  protocol_version: number
  pid: number
  node_version: string
  kernel_release: string
  started_at: string
  uptime_s: number
  state: "serving" | "draining"
  socket: string
  debug_socket: string
  state_dir: string
  fault_threads: number
  filler_threads: number
  /** Whether clients are handed /dev/userfaultfd. */
  passes_device: boolean
}

export interface RegionView {
  session: string
  region: number
  image: string
  mode: string
  mode_reason: string
  /** Hexadecimal, "0x7f...". */
  address: string
  length_bytes: number
  offset_bytes: number
  window_bytes: number
  faults: number
  resident_pages: number
}

export interface SessionView extends FaultCountsView {
  id: string
  dialect: "native"
  pid: number
  uid: number
  gid: number
  /** The process's command line, arguments joined by blanks. */
  command: string
  client: string
  connected_at: string
  state: "greeting" | "active" | "closing"
  regions: number
  length_bytes: number
  resident_pages: number
  pending_faults: number
  /** null when no fault waits. */
  oldest_pending_fault_ms: number | null
  last_error: { code: string; message: string; at: string } | null
}

export interface SessionDetailView extends SessionView {
  region_list: RegionView[]
}

export interface ImageView {
  name: string
  /** A path, a URL, or "source" for a page source in TypeScript. */
  source: string
  state: "ready" | "failed"
  length_bytes: number
  resident_bytes: number
  zero_bytes: number
  bytes_read: number
  fills: number
  fill_failures: number
  regions: number
  last_error: string | null
}

export interface StatsView extends FaultCountsView {
  uptime_s: number
  sessions: number
  sessions_total: number
  regions: number
  images: number
  fill_us_p50: number
  fill_us_p90: number
  fill_us_p99: number
  fill_us_max: number
  events_dropped: number
  threads: { cpu: number; faults: number; wakeups: number }[]
  manager_rss_bytes: number
  descriptors: number
}

export interface FaultView {
  sequence: number
  at: string
  session: string
  pid: number
  region: number
  image: string
  /** Hexadecimal, "0x7f...". */
  address: string
  image_offset_bytes: number
  kind: "missing" | "minor" | "write_protect"
  outcome: "installed" | "already_present" | "deferred" | "discarded" | "failed"
  pages: number
  service_us: number
  has_waited_for_fill: boolean
  thread: number
}

/** What the debug socket needs of the manager. `manager/serve` provides it. */
export interface Inspectable {
  info(): InfoView
  sessions(): SessionView[]
  session(id: string): SessionDetailView | undefined
  regions(): RegionView[]
  images(): ImageView[]
  stats(): StatsView
  /**
   * Faults with a sequence above `after`, oldest first, at most `max`; with after = 0 the newest
   * `max`.
   */
  faults(after: number, max: number): FaultView[]
  /** Registers a path or URL under a name. Throws a ClientError when it cannot. */
  addImage(name: string, source: string): Promise<ImageView>
  /** Throws a ClientError with code `unknown_image` when there is none. */
  removeImage(name: string): void
}
