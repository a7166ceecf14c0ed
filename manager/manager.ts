import { rejectOnAbort } from "./abort.js"
import type { Config } from "./config.js"
import { type DebugServer, startDebugServer } from "./debug/server.js"
import { Listeners } from "./dialects/firecracker/listeners.js"
import { Device } from "./dialects/native/device.js"
import { Reception } from "./dialects/native/reception.js"
import { Engine } from "./engine/engine.js"
import type { NativeAddon } from "./engine/load.js"
import { ClientError } from "./errors.js"
import { ImageJournal } from "./images/image_journal.js"
import { ImageLoader } from "./images/image_loader.js"
import { PastImages } from "./images/past_images.js"
import { findMemory } from "./images/past_memory.js"
import { ImageRegistry } from "./images/registry.js"
import { type GivenImage, wantedImage } from "./images/wanted_image.js"
import { Inspection } from "./inspect/inspection.js"
import type { Logger } from "./log.js"
import { adoptSessions } from "./sessions/adoption.js"
import { Keeper } from "./sessions/keeper.js"
import { Registrations } from "./sessions/registrations.js"
import { SessionJournal } from "./sessions/session_journal.js"
import { Sessions } from "./sessions/sessions.js"
import { Users } from "./sessions/users.js"
import { type ClientListener, listenForClients } from "./sockets/listen.js"
import type { PassedSockets } from "./sockets/passed_sockets.js"
import { StateDirectory } from "./state/state_directory.js"
import { awaitStateDirectory, endRunningManager } from "./takeover.js"
import { Watchdog } from "./watchdog/watchdog.js"
import { WorkingSetStore } from "./working_sets/store.js"
import { WorkingSets } from "./working_sets/working_sets.js"

/** Names of images to their paths, URLs or page sources, or to more about them. */
export type ImageSources = Readonly<Record<string, GivenImage>>

export interface StartOptions {
  readonly stop: AbortSignal
  readonly passed: PassedSockets
  /** From the manager that serves in the same place, if there is one. */
  readonly takesOver: boolean
}

const keepGoingMs = 60_000

/**
 * A manager at work: its engine, images and sessions, and the two sockets that others come by.
 * Owns all of them; JS thread. Ended once, by drain() or by close().
 */
export class RunningManager {
  readonly inspect: Inspection
  private readonly engine: Engine
  private readonly images: ImageRegistry
  private readonly loader: ImageLoader
  private readonly sessions: Sessions
  private readonly workingSets: WorkingSets
  private readonly device: Device
  private readonly watchdog: Watchdog
  private readonly listeners: Listeners
  private state: StateDirectory | undefined
  private listener: ClientListener | undefined
  private debugServer: DebugServer | undefined
  private ending: Promise<void> | undefined
  private noteEnded = () => {}
  /** Resolves once it has, whoever asked for it. */
  readonly ended = new Promise<void>((resolve) => {
    this.noteEnded = resolve
  })

  constructor(
    private readonly native: NativeAddon,
    readonly config: Config,
    private readonly log: Logger,
  ) {
    this.engine = new Engine((onWake) => startEngine(native, config, onWake), {
      onFill: (fill) => this.images.fill(fill),
      onRaised: (raised) => this.images.raise(raised),
      onPoisoned: (poisoned) => this.sessions.bySpace(poisoned.space)?.notePoisoned(poisoned),
      onStarved: (starved) => this.sessions.bySpace(starved.space)?.noteStarved(starved),
      onForked: (forked) => this.sessions.noteForked(forked),
      onUnservedChild: (space) => this.sessions.bySpace(space)?.noteUnservedChild(),
      onLayoutChanged: (space) => this.sessions.bySpace(space)?.noteLayoutChanged(),
      onGone: (space) => void this.sessions.bySpace(space)?.end("its process is gone"),
      onForgotten: (forgotten) => this.watchdog.noteForgotten(forgotten),
      onMisbehaved: ({ space, reason }) => {
        this.sessions.bySpace(space)?.dismiss(new ClientError("client_gone", reason))
      },
    })
    const { engine } = this
    const { limits, clients } = config
    const sourceLimits = config.sources
    const images = new ImageRegistry({ engine: engine.native, limits, sourceLimits, log })
    const loader = new ImageLoader(engine, images, log)
    const users = new Users(limits, images, native)
    const registrations = new Registrations(native)
    const workingSets = new WorkingSets(
      engine,
      config.workingSets,
      config.engine.windowBytesDefault,
      log,
    )
    const served = { engine, native, images, workingSets }
    const sessions = new Sessions({ ...served, limits, clients, users, registrations, log })
    const device = new Device(native, config.passDevice, log)
    const passesDevice = device.descriptor >= 0
    this.images = images
    this.sessions = sessions
    this.workingSets = workingSets
    this.device = device
    this.loader = loader
    const settings = config.watchdog
    const watchdog = new Watchdog({ engine: engine.native, sessions, settings, log })
    this.watchdog = watchdog
    const listeners = new Listeners({ sessions, images, native, config, log })
    this.listeners = listeners
    const looked = { engine: engine.native, images, loader, sessions, watchdog, workingSets }
    this.inspect = new Inspection({
      ...{ config, passesDevice },
      ...looked,
      listeners,
      stateFailure: () => this.state?.failure,
      drain: () => void this.drain(),
    })
  }

  /**
   * Throws a ManagerError or a ClientError when an image or a socket cannot be had, and what `stop`
   * was aborted with; close() is due then.
   */
  async start(sources: ImageSources, { stop, passed, takesOver }: StartOptions): Promise<void> {
    const { native, config, log, images, loader, sessions, device, inspect } = this
    if (takesOver) await endRunningManager(config, log)
    this.state = takesOver
      ? await awaitStateDirectory(config, log)
      : StateDirectory.open(config.stateDir, log)
    const journal = new ImageJournal(this.state, log)
    const find = (wanted: ReadonlySet<string>) => findMemory(wanted, native, log)
    const past = await PastImages.read(journal, find, config.resumeWaitMs, log)
    images.inherit(journal, past, (image) => loader.load(image))
    const { setsMax } = config.workingSets
    this.workingSets.keepIn(new WorkingSetStore(this.state, setsMax, log))
    await this.addImages(sources, stop)
    images.restoreAdded()
    stop.throwIfAborted()
    await this.adoptSessions(this.state)
    this.watchdog.start()
    const reception = new Reception({ sessions, images, loader, native, device, config, log })
    this.listener = listenForClients({
      path: config.socket,
      makesDirectory: true,
      mode: config.socketMode,
      native,
      log,
      passed: passed.clients?.descriptor,
      onConnection: (socket) => reception.accept(socket),
    })
    this.listeners.restore(this.state)
    // After the clients' socket: its lock keeps a second manager from taking this path too.
    const debug = { path: config.debugSocket, passed: passed.debug?.descriptor }
    this.debugServer = await startDebugServer({ ...debug, inspect, log })
  }

  /** How often each fault thread has answered so far; asks each for one more answer. */
  askPulses(): readonly number[] {
    return this.engine.native.askPulses()
  }

  /** Takes nothing new, lets what is under way end within the configured time, then ends. */
  drain(): Promise<void> {
    this.ending ??= this.endAfterRequests()
    return this.ending
  }

  /**
   * Ends now. Clients are told; their memory stays as it is, and what is missing in it waits for
   * the next manager.
   */
  close(): Promise<void> {
    this.ending ??= this.end()
    return this.ending
  }

  /** Before the first client comes, so that it finds resident what is to be. */
  private async addImages(sources: ImageSources, stop: AbortSignal): Promise<void> {
    const added = Object.entries(sources).map(([name, given]) => {
      const wanted = wantedImage(given)
      return { image: this.images.add(name, wanted), isLoaded: wanted.load === true }
    })
    // No socket keeps the process going yet, and the engine's threads do not.
    const keepGoing = setInterval(() => {}, keepGoingMs)
    try {
      const loads = added.filter(({ isLoaded }) => isLoaded)
      const all = Promise.all(loads.map(({ image }) => this.loader.load(image)))
      await Promise.race([all, rejectOnAbort(stop)])
    } finally {
      clearInterval(keepGoing)
    }
  }

  /** Before the first client comes: those are blocked already. */
  private async adoptSessions(state: StateDirectory): Promise<void> {
    const { sessions, images, native, log } = this
    const journal = new SessionJournal(state, native, log)
    const keeper = new Keeper(state, native, journal.manager, log)
    sessions.keepJournal(journal, keeper)
    await adoptSessions({ sessions, images, native, journal, keeper, log })
    await keeper.settle((userfaultfd) => sessions.keepChild(userfaultfd))
  }

  private async endAfterRequests(): Promise<void> {
    const { drainTimeoutMs } = this.config
    this.log.info({ sessions: this.sessions.list().length }, "draining")
    this.listener?.close()
    this.listeners.close()
    this.sessions.startDraining()
    const isIdle = await this.engine.whenIdle(drainTimeoutMs)
    if (!isIdle) {
      const message = "requests were still under way after drain_timeout_ms: they are given up"
      this.log.warn({ drain_timeout_ms: drainTimeoutMs }, message)
    }
    await this.end()
  }

  private async end(): Promise<void> {
    this.listener?.close()
    this.listeners.close()
    this.sessions.startDraining()
    this.workingSets.stop()
    this.images.leaveToTheNext()
    this.sessions.leaveToTheNext()
    await this.sessions.dismissAll(new ClientError("draining", "This manager ends"))
    this.watchdog.stop()
    await this.debugServer?.close()
    this.images.close()
    this.engine.close()
    this.device.close()
    this.state?.close()
    this.log.info("ended")
    this.noteEnded()
  }
}

function startEngine(native: NativeAddon, config: Config, onWake: () => void) {
  const { engine, sources, limits } = config
  const options = {
    faultThreads: engine.faultThreads,
    fillerThreads: engine.fillerThreads,
    spacesMax: limits.sessionsMax,
    fillAttemptsMax: sources.attemptsMax,
    fillBackoffMs: sources.backoffMs,
    fillBackoffMaxMs: sources.backoffMaxMs,
    windowBytesDefault: engine.windowBytesDefault,
  }
  return new native.Engine(options, onWake)
}
