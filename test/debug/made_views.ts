import type {
  FaultCountsView,
  FaultView,
  ImageView,
  InfoView,
  ListenerView,
  RegionView,
  SessionView,
  StatsView,
} from "../../manager/view.js"

/** Views with plausible figures, for tests that care about one field or two. */

export function info(socket: string): InfoView {
  return {
    name: "pagerd",
    version: "0.1.0",
    protocol_version: 1,
    pid: process.pid,
    node_version: process.version,
    kernel_release: "6.18.0",
    started_at: "2026-01-02T03:04:05.000Z",
    uptime_s: 3_725,
    state: "serving",
    socket,
    debug_socket: `${socket}.debug`,
    state_dir: "/var/lib/pagerd",
    state_failure: null,
    fault_threads: 2,
    filler_threads: 2,
    passes_device: true,
  }
}

function faultCounts(): FaultCountsView {
  return {
    faults: { missing: 12_345, minor: 0, write_protect: 0 },
    outcomes: {
      installed: 12_000,
      already_present: 300,
      deferred: 40,
      discarded: 5,
      failed: 0,
    },
    pages_copied: 180_000,
    pages_zeroed: 20_000,
    pages_continued: 64_000,
    pages_poisoned: 0,
    bytes_copied: 737_280_000,
    fault_service_us_p50: 8.5,
    fault_service_us_p90: 21,
    fault_service_us_p99: 140,
    fault_service_us_max: 12_800,
  }
}

export function session(id: string): SessionView {
  return {
    id,
    dialect: "native",
    pid: 4_242,
    uid: 1_000,
    gid: 1_000,
    command: "node worker.js --database orders",
    client: "libpagerd/0.1.0",
    parent: null,
    resumed_from: null,
    adopted: false,
    connected_at: "2026-01-02T03:04:05.000Z",
    state: "active",
    population: null,
    regions: 2,
    regions_by_mode: { copy: 1, share: 1, cow: 0 },
    length_bytes: 414 * 2 ** 20,
    resident_pages: 2_560,
    pending_faults: 0,
    oldest_pending_fault_ms: null,
    oldest_fault_age_ms: null,
    oldest_fault_stuck_in: null,
    last_error: null,
    ...faultCounts(),
  }
}

export function region(sessionId: string, number: number): RegionView {
  return {
    session: sessionId,
    region: number,
    image: "model",
    mode: "copy",
    mode_reason: "asked for",
    access: "private",
    on_discard: "image",
    address: "0x7f3a00000000",
    length_bytes: 207 * 2 ** 20,
    offset_bytes: 0,
    window_bytes: 65_536,
    faults: 6_172,
    resident_pages: 1_280,
    resets: 0,
  }
}

export function image(name: string): ImageView {
  return {
    name,
    source: `/srv/images/${name}`,
    layers: [`/srv/images/${name}`],
    state: "ready",
    length_bytes: 207 * 2 ** 20,
    resident_bytes: 64 * 2 ** 20,
    zero_bytes: 3 * 2 ** 20,
    fully_resident: false,
    writable: false,
    allow_uids: null,
    allow_gids: null,
    bytes_read: 61 * 2 ** 20,
    fills: 976,
    fill_failures: 0,
    source_state: "ok",
    source_read_failures: 0,
    source_opened: 0,
    source_reads_in_flight: 0,
    source_reads_abandoned: 0,
    regions: 2,
    last_error: null,
  }
}

export function stats(): StatsView {
  return {
    ...faultCounts(),
    uptime_s: 3_725,
    sessions: 2,
    sessions_total: 17,
    regions: 2,
    regions_by_mode: { copy: 1, share: 1, cow: 0 },
    images: 2,
    fill_us_p50: 210,
    fill_us_p90: 480,
    fill_us_p99: 2_300,
    fill_us_max: 9_100,
    events_dropped: 0,
    threads_held: 0,
    watchdog: {
      stuck_faults: { source: 3, deferred: 1, ioctl: 0, queue: 0 },
      wakes: 17,
      given_up: 2,
      clients_killed: 1,
      faults_forgotten: 4,
      watch_retries: 5,
    },
    log_lines_dropped: 0,
    threads: [
      { cpu: 0, faults: 6_200, wakeups: 6_000 },
      { cpu: 1, faults: 6_145, wakeups: 5_900 },
    ],
    manager_rss_bytes: 96 * 2 ** 20,
    descriptors: 41,
  }
}

export function fault(sequence: number): FaultView {
  return {
    sequence,
    at: "2026-01-02T03:04:05.678Z",
    session: "s1",
    pid: 4_242,
    region: 1,
    image: "model",
    address: "0x7f3a00001000",
    image_offset_bytes: 4_096,
    kind: "missing",
    is_write: false,
    outcome: "installed",
    pages: 16,
    service_us: 9.25,
    has_waited_for_fill: false,
    thread: 0,
  }
}

export function listener(image: string, path: string): ListenerView {
  return {
    dialect: "firecracker",
    image,
    path,
    once: false,
    mode: "0600",
    owner: null,
    populate_bytes_per_second: null,
    state: "listening",
    served: 0,
    refused: 0,
    last_error: null,
  }
}
