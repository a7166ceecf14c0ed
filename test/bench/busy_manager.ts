import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { within } from "../harness/retry.js"
import { scratchDirectory } from "../harness/scratch.js"

const script = fileURLToPath(new URL("./busy_manager_process.js", import.meta.url))
const answerLimitMs = 20_000

/**
 * A manager, started through `serve()`, whose JS thread can be told to spin 95 % of the time. The
 * JS thread is pinned to a CPU of its own: whether the scheduler shares a CPU well between two
 * busy threads is not the manager's claim.
 */
export class BusyManager {
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>
  readonly #ended: Promise<unknown>

  private constructor(
    child: ChildProcess,
    readonly socket: string,
  ) {
    if (child.stdout === null) throw new Error("spawn made no pipe")
    this.#child = child
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    this.#ended = once(child, "exit")
  }

  static async start(image: string, cpu: number): Promise<BusyManager> {
    const directory = scratchDirectory()
    const args = [script, directory, image]
    const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] })
    const manager = new BusyManager(child, join(directory, "pagerd.sock"))
    await manager.#expect("serving")
    // Of this one thread: the fault threads chose their CPUs themselves.
    execFileSync("taskset", ["-pc", String(cpu), String(child.pid)], { stdio: "ignore" })
    return manager
  }

  spin(): Promise<void> {
    this.#child.stdin?.write("spin\n")
    return this.#expect("spinning")
  }

  rest(): Promise<void> {
    this.#child.stdin?.write("rest\n")
    return this.#expect("resting")
  }

  async stop(): Promise<void> {
    this.#child.stdin?.end()
    await within("the busy manager's end", answerLimitMs, this.#ended)
  }

  async #expect(wanted: string): Promise<void> {
    const line = await within(`"${wanted}"`, answerLimitMs, this.#lines.next())
    if (line.value !== wanted) throw new Error(`wanted "${wanted}", found "${line.value}"`)
  }
}
