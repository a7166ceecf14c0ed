import type { ImageView, Inspectable, SessionView, StatsView, WatchdogView } from "../view.js"
import { MetricSet, type Series } from "./metric_set.js"
import { addWorkingSets } from "./working_set_metrics.js"

/**
 * What `GET /metrics` shows, as Prometheus text. Seconds and bytes throughout, whatever the views
 * count in.
 */
export async function renderMetrics(
  inspect: Inspectable,
): Promise<{ contentType: string; body: string }> {
  const set = new MetricSet()
  const stats = inspect.stats()
  addBuild(set, inspect)
  addFaults(set, stats)
  addThreads(set, stats)
  addClients(set, stats, inspect.sessions())
  addWatchdog(set, stats.watchdog)
  addImages(set, inspect.images())
  addWorkingSets(set, inspect.workingSets.list())
  addProcess(set, stats)
  return { contentType: set.contentType, body: await set.text() }
}

function addBuild(set: MetricSet, inspect: Inspectable): void {
  const { version, protocol_version, node_version, state } = inspect.info()
  const labels = { version, protocol_version: String(protocol_version), node_version }
  set.gauge("pagerd_build_info", "Always 1; the labels say what runs.", [[labels, 1]])
  set.gauge(
    "pagerd_serving",
    "1 while new clients are accepted, 0 while draining.",
    state === "serving" ? 1 : 0,
  )
}

function addFaults(set: MetricSet, stats: StatsView): void {
  set.counter("pagerd_faults_total", "Faults by kind.", byLabel("kind", stats.faults))
  set.counter(
    "pagerd_fault_outcomes_total",
    "How serving a fault ended.",
    byLabel("outcome", stats.outcomes),
  )
  set.counter("pagerd_pages_copied_total", "Pages installed with bytes.", stats.pages_copied)
  set.counter("pagerd_pages_zeroed_total", "Pages installed as zeros.", stats.pages_zeroed)
  set.counter(
    "pagerd_pages_continued_total",
    "Pages installed as the image's own.",
    stats.pages_continued,
  )
  set.counter("pagerd_pages_poisoned_total", "Pages that could not be had.", stats.pages_poisoned)
  set.counter("pagerd_copied_bytes_total", "Bytes copied into clients.", stats.bytes_copied)
  set.counter(
    "pagerd_events_dropped_total",
    "Engine events lost to a full queue.",
    stats.events_dropped,
  )
  set.gauge(
    "pagerd_threads_held",
    "Threads that wait for a client, or a file, that does not let go; others do their work.",
    stats.threads_held,
  )
  set.counter(
    "pagerd_log_lines_dropped_total",
    "Log lines that could not be written in time.",
    stats.log_lines_dropped,
  )
  set.summary(
    "pagerd_fault_service_seconds",
    "From reading a fault until it is resolved; quantile 1 is the longest.",
    {
      p50: stats.fault_service_us_p50,
      p90: stats.fault_service_us_p90,
      p99: stats.fault_service_us_p99,
      max: stats.fault_service_us_max,
    },
  )
  set.summary(
    "pagerd_fill_seconds",
    "From asking for an image's bytes until they are in memory; quantile 1 is the longest.",
    {
      p50: stats.fill_us_p50,
      p90: stats.fill_us_p90,
      p99: stats.fill_us_p99,
      max: stats.fill_us_max,
    },
  )
}

function byLabel(label: string, counts: object): Series {
  return Object.entries(counts).map(([value, count]) => [{ [label]: value }, count])
}

function addThreads(set: MetricSet, { threads }: StatsView): void {
  const byThread = (value: (thread: StatsView["threads"][number]) => number): Series =>
    threads.map((thread, index) => [
      { thread: String(index), cpu: String(thread.cpu) },
      value(thread),
    ])
  set.counter(
    "pagerd_thread_faults_total",
    "Faults served by each fault thread.",
    byThread(({ faults }) => faults),
  )
  set.counter(
    "pagerd_thread_wakeups_total",
    "Times each fault thread woke up.",
    byThread(({ wakeups }) => wakeups),
  )
}

function addClients(set: MetricSet, stats: StatsView, sessions: readonly SessionView[]): void {
  const agesMs = sessions.map((session) =>
    Math.max(session.oldest_pending_fault_ms ?? 0, session.oldest_fault_age_ms ?? 0),
  )
  const pending = sessions.reduce((sum, { pending_faults }) => sum + pending_faults, 0)
  set.gauge("pagerd_sessions", "Connected clients.", stats.sessions)
  set.counter("pagerd_sessions_accepted_total", "Clients that connected.", stats.sessions_total)
  set.gauge("pagerd_regions", "Regions being served.", stats.regions)
  set.gauge(
    "pagerd_regions_by_mode",
    "Regions by the way they are served.",
    byLabel("mode", stats.regions_by_mode),
  )
  set.gauge("pagerd_pending_faults", "Faults read and not yet resolved.", pending)
  set.gauge(
    "pagerd_oldest_pending_fault_seconds",
    "Age of the fault that waits longest; 0 when none waits.",
    agesMs.reduce((oldest, age) => Math.max(oldest, age), 0) / 1e3,
  )
}

function addWatchdog(set: MetricSet, watchdog: WatchdogView): void {
  set.counter(
    "pagerd_watchdog_stuck_faults_total",
    "Faults that waited for longer than watchdog.fault_age_ms, by where they were stuck.",
    byLabel("stuck_in", watchdog.stuck_faults),
  )
  set.counter(
    "pagerd_watchdog_wakes_total",
    "Times that a stuck fault was woken to come again.",
    watchdog.wakes,
  )
  set.counter(
    "pagerd_watchdog_given_up_total",
    "Times that a client's faults beyond watchdog.limit_ms were given up.",
    watchdog.given_up,
  )
  set.counter(
    "pagerd_watchdog_clients_killed_total",
    "Clients killed for a fault beyond watchdog.limit_ms.",
    watchdog.clients_killed,
  )
  set.counter(
    "pagerd_watchdog_faults_forgotten_total",
    "Faults that were read and then forgotten: each is a bug.",
    watchdog.faults_forgotten,
  )
  set.counter(
    "pagerd_watchdog_watch_retries_total",
    "Attempts to watch a userfaultfd that an epoll set had no room for.",
    watchdog.watch_retries,
  )
}

function addImages(set: MetricSet, images: readonly ImageView[]): void {
  const byImage = (value: (image: ImageView) => number): Series =>
    images.map((image) => [{ image: image.name }, value(image)])
  set.gauge("pagerd_images", "Registered images.", images.length)
  set.gauge(
    "pagerd_image_length_bytes",
    "Size of an image.",
    byImage(({ length_bytes }) => length_bytes),
  )
  set.gauge(
    "pagerd_image_resident_bytes",
    "Bytes of an image that are in memory.",
    byImage(({ resident_bytes }) => resident_bytes),
  )
  set.gauge(
    "pagerd_image_fully_resident",
    "1 when no page of an image has to be brought in any more.",
    byImage(({ fully_resident }) => (fully_resident ? 1 : 0)),
  )
  set.counter(
    "pagerd_image_read_bytes_total",
    "Bytes read from an image's source.",
    byImage(({ bytes_read }) => bytes_read),
  )
  set.counter(
    "pagerd_image_fills_total",
    "Reads of an image's source.",
    byImage(({ fills }) => fills),
  )
  set.counter(
    "pagerd_image_fill_failures_total",
    "Reads of an image's source that failed.",
    byImage(({ fill_failures }) => fill_failures),
  )
  addSources(set, images, byImage)
}

type ByImage = (value: (image: ImageView) => number) => Series

function addSources(set: MetricSet, images: readonly ImageView[], byImage: ByImage): void {
  const states = ["ok", "failing", "open"] as const
  const stateSeries: Series = images.flatMap(({ name, source_state }) =>
    states.map((state) => [{ image: name, state }, source_state === state ? 1 : 0] as const),
  )
  set.gauge(
    "pagerd_image_source_state",
    "1 for the state that an image's source is in; open: it is left alone after many failures.",
    stateSeries,
  )
  set.counter(
    "pagerd_image_source_read_failures_total",
    "Attempts to read a page source that failed.",
    byImage(({ source_read_failures }) => source_read_failures),
  )
  set.counter(
    "pagerd_image_source_opened_total",
    "Times a page source was left alone after many failures.",
    byImage(({ source_opened }) => source_opened),
  )
  set.gauge(
    "pagerd_image_source_reads_abandoned",
    "Reads that a page source goes on with though it was told to end them.",
    byImage(({ source_reads_abandoned }) => source_reads_abandoned),
  )
}

/** The names every Prometheus dashboard of processes knows. */
function addProcess(set: MetricSet, stats: StatsView): void {
  const { user, system } = process.cpuUsage()
  set.counter("process_cpu_seconds_total", "User and system CPU time.", (user + system) / 1e6)
  set.gauge("process_resident_memory_bytes", "Resident memory.", stats.manager_rss_bytes)
  set.gauge("process_open_fds", "Open file descriptors.", stats.descriptors)
  set.gauge(
    "process_start_time_seconds",
    "When the process started, since the epoch.",
    Date.now() / 1e3 - process.uptime(),
  )
}
