import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { chmodSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { SessionView } from "../../manager/view.js"
import { atExit } from "./at_exit.js"
import { DebugSocket } from "./debug_socket.js"
import { pagerdCommand } from "./repository.js"
import { retryUntil, within } from "./retry.js"
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

const readyBudgetMs = 20_000
const stopBudgetMs = 20_000

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
  const manager = new Manager(child, paths)
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

export interface ManagerPaths {
  readonly directory: string
  readonly socket: string
  readonly debugSocket: string
  readonly stateDirectory: string
}

/**
 * A running `pagerd serve`, owned by the test that started it. It is killed at the latest when the
 * test ends.
 */
export class Manager {
  readonly pid: number
  readonly debug: DebugSocket
  #stdout = ""
  #stderr = ""
  readonly #child: ChildProcess
  readonly #ended: Promise<Ending>

  constructor(
    child: ChildProcess,
    readonly paths: ManagerPaths,
  ) {
    this.#child = child
    this.pid = child.pid ?? -1
    this.debug = new DebugSocket(paths.debugSocket)
    child.stdout?.on("data", (chunk: Buffer) => {
      this.#stdout += chunk.toString()
    })
    child.stderr?.on("data", (chunk: Buffer) => {
      this.#stderr += chunk.toString()
    })
    this.#ended = once(child, "exit").then(([code, signal]) => ({ code, signal }))
    const forget = atExit(() => child.kill("SIGKILL"))
    void this.#ended.then(forget)
  }

  get socket(): string {
    return this.paths.socket
  }

  /** Everything it wrote so far. */
  get stdout(): string {
    return this.#stdout
  }
  get stderr(): string {
    return this.#stderr
  }

  async waitUntilReady(): Promise<void> {
    const line = `pagerd ready on ${this.paths.socket}\n`
    const ready = retryUntil("pagerd's ready line", readyBudgetMs, () =>
      this.#stdout.includes(line),
    )
    const died = this.#ended.then(({ code, signal }) => {
      throw new Error(`pagerd ended (code ${code}, signal ${signal}) before it was ready`)
    })
    died.catch(() => {}) // It ends some time; by then nobody waits here.
    try {
      await Promise.race([ready, died])
    } catch (error) {
      ready.catch(() => {})
      this.#child.kill("SIGKILL")
      throw new Error(`${(error as Error).message}; it wrote:\n${this.#stdout}${this.#stderr}`)
    }
  }

  /** The session of a client process, as soon as there is one. */
  session(pid: number): Promise<SessionView> {
    return retryUntil(`a session of pid ${pid}`, 5_000, async () => {
      const sessions = await this.debug.get<SessionView[]>("/v1/sessions")
      return sessions.find((session) => session.pid === pid)
    })
  }

  /** SIGTERM. Throws unless it drains and exits with 0, as is promised. */
  async stop(): Promise<void> {
    this.#child.kill("SIGTERM")
    const { code, signal } = await within("pagerd's exit", stopBudgetMs, this.#ended)
    if (code !== 0) {
      throw new Error(`pagerd ended with code ${code}, signal ${signal}; stderr:\n${this.#stderr}`)
    }
  }

  /** SIGKILL: what a crash is like for its clients. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL")
    await within("pagerd's end", stopBudgetMs, this.#ended)
  }

  /** How it ended, once it has. */
  ended(): Promise<Ending> {
    return this.#ended
  }
}

export interface Ending {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}
