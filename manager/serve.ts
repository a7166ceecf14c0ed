import type { ConfigInput } from "./config.js"
import { resolveConfig } from "./config_file.js"
import { loadNative } from "./engine/load.js"
import { createLog, type Logger } from "./log.js"
import { type ImageSources, RunningManager } from "./manager.js"
import type { PassedSockets } from "./sockets/passed_sockets.js"
import type { Inspectable } from "./view.js"

export interface ServeOptions {
  /** Where clients connect. Default: see `pagerd serve --help`. */
  readonly socket?: string
  readonly debugSocket?: string
  readonly stateDir?: string
  /**
   * Names of images to paths (of several layers: joined by commas, or as a list), URLs or page
   * sources, or to `{ source, writable, load }`. Those of a configuration file come on top.
   */
  readonly images?: ImageSources
  /** Path of a TOML file with settings. */
  readonly configFile?: string
  /** Settings that go ahead of the file's. */
  readonly config?: ConfigInput
  /** Listening sockets to serve on, whatever paths are named; see `takePassedSockets`. */
  readonly passed?: PassedSockets
  /**
   * Ends the manager that serves on the same debug socket with the same state directory, if there
   * is one, and goes on with its clients.
   */
  readonly takeOver?: boolean
  /** Aborted while images are still being loaded, it ends the start: serve() rejects then. */
  readonly signal?: AbortSignal
  /** Where to log; default: JSON lines on stderr from the configured level on. */
  readonly log?: Logger
}

/** A manager that serves. */
export interface Manager {
  readonly socket: string
  readonly debugSocket: string
  /** What the debug socket shows. */
  readonly inspect: Inspectable
  /** Where it logs. */
  readonly log: Logger
  /** How often each fault thread has answered so far; asks each for one more answer. */
  askPulses(): readonly number[]
  /** Takes nothing new, lets requests under way end within `drainTimeoutMs`, then closes. */
  drain(): Promise<void>
  /** Ends every session and frees everything. */
  close(): Promise<void>
  /** Resolves once it has ended: by either of these, or because another manager took over. */
  readonly ended: Promise<void>
}

/**
 * Starts a manager in this process and resolves once it serves. Rejects with a ManagerError (or a
 * ClientError for an image that cannot be had) that says what is wrong, and leaves nothing behind
 * then.
 */
export async function serve(options: ServeOptions = {}): Promise<Manager> {
  const { stateDir, images = {}, configFile, passed = {}, takeOver = false } = options
  const { signal = new AbortController().signal } = options
  const socket = passed.clients?.path ?? options.socket
  const debugSocket = passed.debug?.path ?? options.debugSocket
  const given = { ...options.config, ...named({ socket, debugSocket, stateDir }) }
  const config = resolveConfig({ given, environment: process.env, file: configFile })
  const log = options.log ?? createLog(config.logLevel)
  const native = loadNative()
  const { after } = native.raiseDescriptorLimit()
  if (after < config.limits.sessionsMax * descriptorsPerSession) {
    const facts = { descriptors_max: after, sessions_max: config.limits.sessionsMax }
    log.warn(facts, "too few descriptors for so many sessions: raise the hard limit (ulimit -Hn)")
  }

  const manager = new RunningManager(native, config, log)
  try {
    const options = { stop: signal, passed, takesOver: takeOver }
    await manager.start({ ...config.images, ...images }, options)
  } catch (error) {
    await manager.close()
    throw error
  }
  log.info({ socket: config.socket, debug_socket: config.debugSocket }, "ready")
  return {
    socket: config.socket,
    debugSocket: config.debugSocket,
    inspect: manager.inspect,
    log,
    askPulses: () => manager.askPulses(),
    drain: () => manager.drain(),
    close: () => manager.close(),
    ended: manager.ended,
  }
}

/** A session's socket, the pidfd of its client and its userfaultfd. */
const descriptorsPerSession = 3

/** Without those that are undefined. */
function named(paths: { readonly [name: string]: string | undefined }): Partial<ConfigInput> {
  return Object.fromEntries(Object.entries(paths).filter(([, path]) => path !== undefined))
}
