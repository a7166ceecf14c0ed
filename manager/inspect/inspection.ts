import { readdirSync } from "node:fs"
import { release } from "node:os"
import { protocolVersion } from "../../protocol/limits.js"
import type { Config } from "../config.js"
import type { Listeners } from "../dialects/firecracker/listeners.js"
import type { FaultSnapshot, NativeEngine } from "../engine/native.js"
import type { ImageLoader } from "../images/image_loader.js"
import type { ImageRegistry } from "../images/registry.js"
import { standardError } from "../log_output.js"
import { hex } from "../sessions/region_book.js"
import type { Sessions } from "../sessions/sessions.js"
import { packageVersion } from "../version.js"
import type {
  AddImageOptions,
  AddListenerOptions,
  FaultView,
  ImageFiles,
  ImageView,
  InfoView,
  Inspectable,
  ListenerView,
  RegionView,
  SessionDetailView,
  SessionView,
  StatsView,
} from "../view.js"
import type { Watchdog } from "../watchdog/watchdog.js"
import type { WorkingSets } from "../working_sets/working_sets.js"
import { faultCountsView, modeCountsView, watchdogView } from "./counters.js"
import { imageView } from "./image_view.js"
import { regionViews, sessionDetailView, sessionView } from "./session_view.js"
import { WorkingSetDesk } from "./working_set_desk.js"

/** What is looked at. */
export interface Inspected {
  readonly config: Config
  readonly engine: NativeEngine
  readonly images: ImageRegistry
  readonly loader: ImageLoader
  readonly sessions: Sessions
  readonly watchdog: Watchdog
  readonly listeners: Listeners
  readonly workingSets: WorkingSets
  readonly passesDevice: boolean
  /** Why nothing can be kept in the state directory; undefined while it can. */
  stateFailure(): string | undefined
  drain(): void
}

/**
 * The manager as the debug socket shows it: pictures of the moment, taken when they are asked for.
 */
export class Inspection implements Inspectable {
  private readonly startedAtMs = Date.now()
  /** By the clock that nobody sets. */
  private readonly startedMs = performance.now()

  readonly workingSets: WorkingSetDesk

  constructor(private readonly inspected: Inspected) {
    this.workingSets = new WorkingSetDesk(inspected.workingSets, inspected.images)
  }

  info(): InfoView {
    const { config, engine, sessions, passesDevice } = this.inspected
    const stateFailure = this.inspected.stateFailure() ?? null
    const snapshot = engine.engineSnapshot()
    return {
      name: "pagerd",
      version: packageVersion(),
      protocol_version: protocolVersion,
      pid: process.pid,
      node_version: process.version,
      kernel_release: release(),
      started_at: new Date(this.startedAtMs).toISOString(),
      uptime_s: this.uptimeS(),
      state: sessions.isDraining ? "draining" : "serving",
      socket: config.socket,
      debug_socket: config.debugSocket,
      state_dir: config.stateDir,
      state_failure: stateFailure,
      fault_threads: snapshot.threads.length,
      filler_threads: snapshot.fillerThreads,
      passes_device: passesDevice,
    }
  }

  sessions(): SessionView[] {
    const { sessions, engine, watchdog } = this.inspected
    return sessions.list().map((session) => sessionView(session, engine, watchdog))
  }

  session(id: string): SessionDetailView | undefined {
    const session = this.inspected.sessions.find(id)
    const { engine, watchdog } = this.inspected
    return session && sessionDetailView(session, engine, watchdog)
  }

  regions(): RegionView[] {
    const { sessions, engine } = this.inspected
    return sessions.list().flatMap((session) => regionViews(session, engine))
  }

  images(): ImageView[] {
    const { images, engine } = this.inspected
    return images.list().map((image) => imageView(image, engine))
  }

  stats(): StatsView {
    const { engine, images, sessions } = this.inspected
    const snapshot = engine.engineSnapshot()
    const list = sessions.list()
    return {
      ...faultCountsView(snapshot),
      uptime_s: this.uptimeS(),
      sessions: list.length,
      sessions_total: sessions.total,
      regions: list.reduce((regions, session) => regions + session.regions.size, 0),
      regions_by_mode: modeCountsView(list),
      images: images.size,
      fill_us_p50: snapshot.fillUs.p50,
      fill_us_p90: snapshot.fillUs.p90,
      fill_us_p99: snapshot.fillUs.p99,
      fill_us_max: snapshot.fillUs.max,
      events_dropped: snapshot.eventsDropped,
      threads_held: snapshot.threadsHeld,
      watchdog: watchdogView(this.inspected.watchdog.counts),
      log_lines_dropped: standardError().linesDropped,
      threads: snapshot.threads.map((thread) => ({ ...thread })),
      manager_rss_bytes: process.memoryUsage.rss(),
      descriptors: readdirSync("/proc/self/fd").length,
    }
  }

  faults(after: number, max: number): FaultView[] {
    const faults = this.inspected.engine.faultsAfter(BigInt(after), max)
    return faults.map((fault) => this.faultView(fault))
  }

  async addImage(
    name: string,
    source: ImageFiles,
    options: AddImageOptions = {},
  ): Promise<ImageView> {
    const { images, loader, sessions, engine } = this.inspected
    sessions.checkNotDraining()
    const { load = false, ...wanted } = options
    const image = images.add(name, { source, ...wanted }, true)
    try {
      if (load) await loader.load(image)
    } catch (error) {
      images.withdraw(image)
      throw error
    }
    return imageView(image, engine)
  }

  async loadImage(name: string): Promise<ImageView> {
    const { images, loader, sessions, engine } = this.inspected
    sessions.checkNotDraining()
    const image = images.findAny(name)
    await loader.load(image)
    return imageView(image, engine)
  }

  listeners(): ListenerView[] {
    return this.inspected.listeners.list()
  }

  addListener(image: string, path: string, options: AddListenerOptions): ListenerView {
    const { listeners, sessions } = this.inspected
    sessions.checkNotDraining()
    return listeners.add({ dialect: "firecracker", image, path, ...options })
  }

  removeListener(path: string): void {
    this.inspected.listeners.remove(path)
  }

  drain(): void {
    this.inspected.drain()
  }

  removeImage(name: string): void {
    this.inspected.images.remove(name)
  }

  private uptimeS(): number {
    return (performance.now() - this.startedMs) / 1_000
  }

  private faultView(fault: FaultSnapshot): FaultView {
    const { sessions, images } = this.inspected
    const owner = sessions.ownerOf(fault.space)
    return {
      sequence: Number(fault.sequence),
      at: new Date(fault.timeMs).toISOString(),
      session: owner?.session ?? "",
      pid: owner?.pid ?? 0,
      region: fault.region,
      image: images.byId(fault.image)?.name ?? "",
      address: hex(fault.address),
      image_offset_bytes: Number(fault.imageOffsetBytes),
      kind: fault.kind,
      is_write: fault.isWrite,
      outcome: fault.outcome,
      pages: fault.pages,
      service_us: fault.serviceUs,
      has_waited_for_fill: fault.hasWaitedForFill,
      thread: fault.thread,
    }
  }
}
