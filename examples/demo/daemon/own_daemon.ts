import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import type { Daemon } from "./daemon.js"
import { DebugSocket } from "./debug_socket.js"
import { pagerdProgram } from "./pagerd_program.js"

const readyTimeoutMs = 20_000
const readyPollMs = 20
const drainTimeoutMs = 10_000
/**
 * sun_path holds 108 bytes with the final zero; mkdtemp's name and the socket's follow this one.
 */
const runtimeDirectoryLengthMax = 70

/**
 * A `pagerd serve` of the demo's own, with its sockets and state in a directory that goes when it
 * stops.
 */
export class OwnDaemon implements Daemon {
  readonly description: string
  readonly socket: string
  readonly debug: DebugSocket
  readonly pid: number
  #isStopping = false
  /** The last resort, should the demo end in a way that it did not foresee. */
  readonly #endNow = (): void => {
    this.child.kill("SIGKILL")
    rmSync(this.directory, { recursive: true, force: true })
  }

  private constructor(
    private readonly directory: string,
    private readonly child: ChildProcess,
  ) {
    this.pid = child.pid ?? -1
    this.socket = join(directory, "pagerd.sock")
    this.debug = new DebugSocket(join(directory, "debug.sock"))
    this.description = `pagerd serve as uid ${process.getuid?.()}, pid ${this.pid}, in ${directory}`
  }

  /** When it ends before it is told to, everything that waits for it is interrupted. */
  static async start(interruption: AbortController): Promise<OwnDaemon> {
    const directory = mkdtempSync(join(runtimeDirectory(), "pagerd-demo-"))
    const log = openSync(join(directory, "daemon.log"), "w")
    const line = ["--socket", join(directory, "pagerd.sock")]
    line.push("--debug-socket", join(directory, "debug.sock"))
    line.push("--state-dir", join(directory, "state"))
    // In a process group of its own: Ctrl-C reaches the demo alone, which then stops things in
    // order.
    const child = spawn(process.execPath, [pagerdProgram, "serve", ...line], {
      stdio: ["ignore", log, log],
      detached: true,
    })
    closeSync(log)
    // A child that could not be started has no pid, and that is what is looked at.
    child.on("error", () => {})
    const daemon = new OwnDaemon(directory, child)
    process.once("exit", daemon.#endNow)
    try {
      await daemon.#waitUntilReady(interruption.signal)
      daemon.#watch(interruption)
      return daemon
    } catch (error) {
      const words = daemon.#words()
      await daemon.stop()
      throw interruption.signal.aborted || words === ""
        ? error
        : new Error(`${(error as Error).message}; it wrote:\n${words}`)
    }
  }

  async register(name: string, path: string): Promise<string> {
    await this.debug.addImage(name, path)
    return name
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    if (this.#isRunning()) {
      const ended = once(this.child, "exit")
      this.child.kill("SIGTERM")
      const timer = setTimeout(() => this.child.kill("SIGKILL"), drainTimeoutMs)
      await ended
      clearTimeout(timer)
    }
    rmSync(this.directory, { recursive: true, force: true })
    process.off("exit", this.#endNow)
  }

  /** Lets it run on after the demo has ended. */
  leaveRunning(): void {
    process.off("exit", this.#endNow)
    this.child.unref()
  }

  async #waitUntilReady(signal: AbortSignal): Promise<void> {
    const giveUp = Date.now() + readyTimeoutMs
    while (!this.#words().includes("pagerd ready on ")) {
      signal.throwIfAborted()
      if (!this.#isRunning()) throw new Error("pagerd ended before it was ready")
      if (Date.now() > giveUp) throw new Error(`pagerd was not ready in ${readyTimeoutMs / 1000} s`)
      await delay(readyPollMs)
    }
  }

  #watch(interruption: AbortController): void {
    this.child.once("exit", (code, signal) => {
      if (this.#isStopping) return
      const how = signal === null ? `ended with code ${code}` : `was ended by ${signal}`
      interruption.abort(new Error(`pagerd (pid ${this.pid}) ${how}; it wrote:\n${this.#words()}`))
    })
  }

  #isRunning(): boolean {
    const { pid, exitCode, signalCode } = this.child
    return pid !== undefined && exitCode === null && signalCode === null
  }

  #words(): string {
    return readFileSync(join(this.directory, "daemon.log"), "utf8").trim()
  }
}

function runtimeDirectory(): string {
  const own = process.env.XDG_RUNTIME_DIR ?? ""
  const isUsable =
    own.startsWith("/") &&
    own.length < runtimeDirectoryLengthMax &&
    statSync(own, { throwIfNoEntry: false })?.isDirectory() === true
  return isUsable ? own : tmpdir()
}
