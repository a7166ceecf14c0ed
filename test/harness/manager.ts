import { spawn } from "node:child_process"
import { chmodSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { SessionView } from "../../manager/view.js"
import { DebugSocket } from "./debug_socket.js"
import { isStopped } from "./observed_process.js"
import { type Ending, OwnedProcess } from "./owned_process.js"
import { pagerdCommand } from "./repository.js"
import { retryUntil } from "./retry.js"
import { scratchDirectory } from "./scratch.js"
import { asUid } from "./user.js"

export interface ManagerOptions {
  /** Images it starts with: name to path or URL. */
  readonly images?: Readonly<Record<string, string>>
  /** Text of a configuration file. */
  readonly config?: string
  readonly args?: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  readonly asUid?: number
  /** Where its sockets and state lie; a scratch directory unless named, as a restart does. */
  readonly directory?: string
}

export interface ManagerPaths {
  readonly directory: string
  readonly socket: string
  readonly debugSocket: string
  readonly stateDirectory: string
}

const readyBudgetMs = 20_000
const sessionBudgetMs = 5_000

/** Starts `pagerd serve` in a directory of its own and returns once it says that it serves. */
export async function startManager(options: ManagerOptions = {}): Promise<Manager> {
  const directory = options.directory ?? scratchDirectory()
  if (options.asUid !== undefined) chmodSync(directory, 0o777)
  const paths = {
    directory,
    socket: join(directory, "pagerd.sock"),
    debugSocket: join(directory, "debug.sock"),
    stateDirectory: join(directory, "state"),
  }
  const child = spawn(process.execPath, [pagerdCommand, ...serveArguments(paths, options)], {
    env: { ...process.env, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
    ...(options.asUid === undefined ? {} : asUid(options.asUid)),
  })
  const manager = new Manager(new OwnedProcess("pagerd", child), paths)
  await manager.waitUntilReady()
  return manager
}

function serveArguments(paths: ManagerPaths, { images = {}, config, args = [] }: ManagerOptions) {
  const line = ["serve", "--socket", paths.socket, "--debug-socket", paths.debugSocket]
  line.push("--state-dir", paths.stateDirectory)
  for (const [name, source] of Object.entries(images)) line.push("--image", `${name}=${source}`)
  if (config !== undefined) {
    const path = join(paths.directory, "config.toml")
    writeFileSync(path, config)
    line.push("--config", path)
  }
  return [...line, ...args]
}

/** A running `pagerd serve`. */
export class Manager {
  readonly debug: DebugSocket
  readonly #process: OwnedProcess

  constructor(
    process: OwnedProcess,
    readonly paths: ManagerPaths,
  ) {
    this.#process = process
    this.debug = new DebugSocket(paths.debugSocket)
  }

  get pid(): number {
    return this.#process.pid
  }

  get socket(): string {
    return this.paths.socket
  }

  /** Everything it wrote so far. */
  get stdout(): string {
    return this.#process.stdout
  }
  get stderr(): string {
    return this.#process.stderr
  }

  async waitUntilReady(): Promise<void> {
    const line = `pagerd ready on ${this.paths.socket}\n`
    const early = this.#process.early()
    let hasEnded = false
    const ready = retryUntil("pagerd's ready line", readyBudgetMs, () => {
      return hasEnded || this.stdout.includes(line)
    })
    // The one that loses ends later; then it is nobody's failure.
    ready.catch(() => {})
    early.catch(() => {
      hasEnded = true
    })
    await Promise.race([ready, early])
  }

  /** The session of a client process, as soon as there is one. */
  session(pid: number): Promise<SessionView> {
    return retryUntil(`a session of pid ${pid}`, sessionBudgetMs, async () => {
      const sessions = await this.debug.get<SessionView[]>("/v1/sessions")
      return sessions.find((session) => session.pid === pid)
    })
  }

  /** The same as soon as it has told of that many regions. */
  sessionOf(pid: number, regions: number): Promise<SessionView> {
    return retryUntil(`${regions} regions of pid ${pid}`, sessionBudgetMs, async () => {
      const session = await this.session(pid)
      return session.regions === regions && session
    })
  }

  /**
   * The same once every fault it read has an outcome. A client goes on as soon as its page is
   * there; the manager counts after that.
   */
  settledSession(pid: number): Promise<SessionView> {
    return retryUntil(`a session of pid ${pid} at rest`, sessionBudgetMs, async () => {
      const session = await this.session(pid)
      const { missing, minor, write_protect } = session.faults
      const { installed, already_present, discarded, failed } = session.outcomes
      const isAtRest =
        session.pending_faults === 0 &&
        installed + already_present + discarded + failed >= missing + minor + write_protect
      return isAtRest && session
    })
  }

  /** SIGTERM. Throws unless it drains and exits with 0, as is promised. */
  async stop(): Promise<void> {
    this.terminate()
    const { code, signal } = await this.ended()
    if (code !== 0) {
      throw new Error(`pagerd ended with code ${code}, signal ${signal}; stderr:\n${this.stderr}`)
    }
  }

  /** SIGTERM, and nothing more. */
  terminate(): void {
    this.#process.child.kill("SIGTERM")
  }

  /** SIGSTOP; returns once every thread of it stands still. */
  async pause(): Promise<void> {
    this.#process.child.kill("SIGSTOP")
    await retryUntil("pagerd's threads standing still", readyBudgetMs, () => isStopped(this.pid))
  }

  /** SIGCONT. */
  resume(): void {
    this.#process.child.kill("SIGCONT")
  }

  /** SIGKILL: what a crash is like for its clients. */
  kill(): Promise<void> {
    return this.#process.kill()
  }

  /** How it ended; fails when it does not. */
  ended(): Promise<Ending> {
    return this.#process.ended()
  }
}
