/**
 * What the debug socket shows. Field names are snake_case with units; other software reads them, so
 * add and never rename. Counters count since the start of the session or of the manager.
 */

import type { AccessRule } from "./access_rule.js"

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
  /** Installed as the image's own, shared by all who map it. */
  pages_continued: number
  pages_poisoned: number
  bytes_copied: number
}

/** How many regions are served in each way. */
export interface ModeCountsView {
  copy: number
  share: number
  cow: number
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
  /**
   * Why nothing can be kept in the state directory: what is served now would be lost in a crash.
   * null while it can be.
   */
  state_failure: string | null
  fault_threads: number
  filler_threads: number
  /** Whether clients are handed /dev/userfaultfd. */
  passes_device: boolean
}

export interface RegionView {
  session: string
  region: number
  image: string
  mode: "copy" | "share" | "cow"
  mode_reason: string
  /** Whether it shows its own writes alone, or those of all who map the image so. */
  access: "private" | "shared"
  /** What pages read as that the client has discarded: the image's bytes again, or zeros. */
  on_discard: "image" | "zero"
  /** Hexadecimal, "0x7f...". */
  address: string
  length_bytes: number
  offset_bytes: number
  window_bytes: number
  faults: number
  /** Installed by the manager; of a region of mode cow it never hears. */
  resident_pages: number
  /** How often the client dropped its pages to see the image again. */
  resets: number
}

/** How a session's client speaks. */
export type Dialect = "native" | "firecracker"

export interface PopulationView {
  /** "failed": it is served on, and `failure` says why. */
  state: "waiting" | "filling" | "failed" | "done"
  bytes_per_second: number
  failure: string | null
}

export interface SessionView extends FaultCountsView {
  id: string
  dialect: Dialect
  pid: number
  uid: number
  gid: number
  /** The process's command line, arguments joined by blanks. */
  command: string
  client: string
  /** Of a forked child, whose pid is not known (0): the session that forked it. Else null. */
  parent: string | null
  /** What the manager before this one called the session; null for one that began here. */
  resumed_from: string | null
  /** The client has not noticed that its manager is another one. */
  adopted: boolean
  connected_at: string
  /** "detached": all of its memory is there, and it depends on the manager no more. */
  state: "greeting" | "active" | "detached" | "closing"
  /** Of one whose memory is brought in the background, until it is detached; else null. */
  population: PopulationView | null
  regions: number
  regions_by_mode: ModeCountsView
  length_bytes: number
  resident_pages: number
  pending_faults: number
  /** null when no fault waits. */
  oldest_pending_fault_ms: number | null
  /** Those included that a thread is serving at this moment, and those still unread. */
  oldest_fault_age_ms: number | null
  /**
   * Waiting for its source, for another try, for the kernel to install its page, or for somebody to
   * read it.
   */
  oldest_fault_stuck_in: "source" | "deferred" | "ioctl" | "queue" | null
  last_error: { code: string; message: string; at: string } | null
}

export interface SessionDetailView extends SessionView {
  region_list: RegionView[]
}

export interface ImageView {
  name: string
  /** Paths joined by commas, or "source" for a page source in TypeScript. */
  source: string
  /** Its files, the base first; none where it was not registered by path. */
  layers: readonly string[]
  state: "ready" | "failed"
  length_bytes: number
  resident_bytes: number
  zero_bytes: number
  /** Every page is resident or known to be zero. */
  fully_resident: boolean
  /** Clients write it, with access "shared"; its source stays as it is. */
  writable: boolean
  /**
   * Who sees it: null and null is everybody. Else whoever is in one of them, and root; what a
   * client published shows its user.
   */
  allow_uids: readonly number[] | null
  allow_gids: readonly number[] | null
  bytes_read: number
  fills: number
  fill_failures: number
  /** Whether its source answers; "open": it is left alone for a while, after many failures. */
  source_state: "ok" | "failing" | "open"
  /** These are of page sources in TypeScript; for a file they are 0. Attempts that failed. */
  source_read_failures: number
  /** How often it was left alone. */
  source_opened: number
  source_reads_in_flight: number
  /** Reads that it goes on with though it was told to end them. */
  source_reads_abandoned: number
  regions: number
  last_error: string | null
}

/** What the watchdog of stuck faults has found and done. */
export interface WatchdogView {
  stuck_faults: { source: number; deferred: number; ioctl: number; queue: number }
  wakes: number
  /** Times that a session's faults beyond limit_ms were given up. */
  given_up: number
  clients_killed: number
  /** Read by us and kept by nobody: each is a bug. */
  faults_forgotten: number
  /** Attempts to have a fault thread watch an address space that it had no room for. */
  watch_retries: number
}

export interface StatsView extends FaultCountsView {
  uptime_s: number
  sessions: number
  sessions_total: number
  regions: number
  regions_by_mode: ModeCountsView
  images: number
  fill_us_p50: number
  fill_us_p90: number
  fill_us_p99: number
  fill_us_max: number
  events_dropped: number
  /** That wait for a client, or a file, that does not let go; others do their work. */
  threads_held: number
  watchdog: WatchdogView
  /** Lines of the manager's own log that nobody read in time, or that could not be written. */
  log_lines_dropped: number
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
  is_write: boolean
  outcome: "installed" | "already_present" | "deferred" | "discarded" | "failed"
  pages: number
  service_us: number
  has_waited_for_fill: boolean
  thread: number
}

/** A path, a URL, or paths joined by commas; a list names a file each. The base comes first. */
export type ImageFiles = string | readonly string[]

/** What runs on an image needed of it after they were attached, and how replaying that does. */
export interface WorkingSetView {
  image: string
  /** Of the image's bytes: another image of that name has another set. */
  key: string
  /**
   * "on": the next run is served with it. "off": runs need too little of it. "unused": its image is
   * not there, or not among working_sets.images.
   */
  state: "on" | "off" | "unused"
  length_bytes: number
  /** Of the memory that runs had: those with huge pages have a set of their own. */
  page_bytes: number
  /** That are replayed, and those that few runs needed, which are kept only. */
  pages: number
  pages_kept: number
  /** That it was recorded from. */
  runs: number
  /** Of the pages that are replayed, how many a run needs; null before that was seen. */
  hit_ratio: number | null
  recorded_at: string
  /** Regions that are watched at the moment. */
  recordings: number
  /** These are of this manager alone. */
  replays: number
  pages_replayed: number
  /** That runs asked for in spite of a replay: not in the set, or before their turn. */
  pages_missed: number
  pages_late: number
}

export interface WorkingSetDetailView extends WorkingSetView {
  /** In the order in which they are replayed. */
  ranges: { offset_bytes: number; length_bytes: number }[]
}

/** Working sets by the names of their images. */
export interface InspectableWorkingSets {
  list(): WorkingSetView[]
  /** Undefined when there is none, of pages of that size; of any, where there are two. */
  find(name: string, pageBytes?: number): WorkingSetDetailView | undefined
  /** What a file of it holds. Undefined when there is none. */
  file(name: string, pageBytes?: number): object | undefined
  /**
   * Takes such a file for the image of that name. Throws a ClientError when there is no such image,
   * and a MalformedWorkingSet that says what is wrong with the file.
   */
  take(name: string, file: unknown): WorkingSetView
  /** False when there is none. */
  remove(name: string): boolean
}

export interface AddImageOptions extends AccessRule {
  readonly writable?: boolean
  readonly load?: boolean
}

/** What the debug socket needs of the manager. `manager/serve` provides it. */
/** A path where VMMs find an image. */
export interface ListenerView {
  dialect: "firecracker"
  image: string
  path: string
  /** It ends with the first VM that is served. */
  once: boolean
  /** Of the socket's file, in octal. */
  mode: string
  /** "UID:GID"; null: the manager's own. */
  owner: string | null
  /** VMs' memory is brought in the background, that fast at most, and then they are let go. */
  populate_bytes_per_second: number | null
  state: "listening" | "failed"
  /** VMs so far, since the manager started. */
  served: number
  refused: number
  last_error: string | null
}

export interface AddListenerOptions {
  readonly once: boolean
  readonly mode: number
  readonly owner?: { readonly uid: number; readonly gid: number } | undefined
  readonly populateBytesPerSecond?: number | undefined
}

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
  /**
   * Registers paths or a URL under a name; with `load` it resolves once all of it is resident.
   * Rejects with a ClientError when it cannot, and there is no such image then.
   */
  addImage(name: string, source: ImageFiles, options?: AddImageOptions): Promise<ImageView>
  /** Resolves once all of the image is resident. Rejects with a ClientError when it cannot be. */
  loadImage(name: string): Promise<ImageView>
  /** Throws a ClientError with code `unknown_image` when there is none. */
  removeImage(name: string): void
  listeners(): ListenerView[]
  /** Throws a ClientError for no such image, and a ManagerError when the path cannot be had. */
  addListener(image: string, path: string, options: AddListenerOptions): ListenerView
  /** VMs that were served by it go on. Throws a ManagerError, `unknown_listener`. */
  removeListener(path: string): void

  readonly workingSets: InspectableWorkingSets
  /** Takes nothing new from here on, and ends once what is under way has. */
  drain(): void
}
