import { spawn } from "node:child_process"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import type { StatsView } from "../../manager/view.js"
import { DebugSocket } from "../harness/debug_socket.js"
import { OwnedProcess } from "../harness/owned_process.js"
import { retryUntil, within } from "../harness/retry.js"
import { RollingLog } from "./rolling_log.js"

const readyBudgetMs = 60_000
const statsBudgetMs = 1_000
/** Ctrl-C is for the run alone: it ends the others, one after another. */
export const isOwnGroup = process.stdin.isTTY === true

/** Starts the manager's program; it says "pagerd ready on ..." on its standard output. */
export type Launch = (extra: readonly string[]) => {
  readonly args: readonly string[]
  /** Whether it listens to words of its parent. */
  readonly hasChannel: boolean
}

/** Figures of a manager that are added up over its lives. */
export interface Tally {
  readonly faults: number
  readonly pagesPoisoned: number
}

/** One manager of a run through all its lives. */
export class Daemon {
  /** From the start of the process until it says that it serves. */
  readonly startsMs: number[] = []
  /** Ends that nobody of this run brought about. */
  readonly crashes: string[] = []
  readonly debug: DebugSocket
  readonly socket: string
  #process: OwnedProcess | undefined
  #isEnding = false
  readonly #log: RollingLog
  /** The last that was seen of this life. */
  #stats: StatsView | undefined
  /** Of the lives before. */
  #past: Tally = { faults: 0, pagesPoisoned: 0 }

  constructor(
    readonly name: string,
    readonly directory: string,
    private readonly launch: Launch,
    logDirectory: string,
  ) {
    this.socket = join(directory, "pagerd.sock")
    this.debug = new DebugSocket(join(directory, "debug.sock"))
    this.#log = new RollingLog(join(logDirectory, `${name}.log`))
  }

  get pid(): number {
    return this.#living.pid
  }

  async start(extra: readonly string[] = []): Promise<void> {
    const begun = performance.now()
    const life = this.#spawn(extra)
    this.#process = life
    this.#past = this.tally
    this.#stats = undefined
    this.#isEnding = false
    void life.exited.then(({ code, signal }) => {
      if (life !== this.#process || this.#isEnding) return
      this.crashes.push(`${this.name} ${life.pid}: code ${code}, signal ${signal}`)
    })
    const early = life.early()
    early.catch(() => {}) // It always comes, in the end.
    await Promise.race([waitUntilReady(life, this.socket), early])
    this.startsMs.push(performance.now() - begun)
  }

  signal(signal: NodeJS.Signals): void {
    this.#living.child.kill(signal)
  }

  send(message: string): void {
    if (this.#living.child.connected) this.#living.child.send(message)
  }

  /** SIGKILL, and its burial. When it was given is the answer. */
  async kill(): Promise<bigint> {
    this.#isEnding = true
    const at = process.hrtime.bigint()
    await this.#living.kill()
    return at
  }

  /** SIGTERM. Throws unless it exits with 0. */
  async terminate(): Promise<bigint> {
    this.#isEnding = true
    const at = process.hrtime.bigint()
    this.signal("SIGTERM")
    const { code, signal } = await this.#living.ended()
    if (code !== 0) throw new Error(`${this.name} drained to code ${code}, signal ${signal}`)
    return at
  }

  /** Another one takes over from it while it serves, and it exits with 0: when is the answer. */
  async takeOver(): Promise<bigint> {
    const before = this.#living
    let at = process.hrtime.bigint()
    void before.exited.then(() => {
      at = process.hrtime.bigint()
    })
    await this.start(["--takeover"])
    const { code, signal } = await before.ended()
    if (code !== 0) throw new Error(`${this.name} handed over with code ${code}, signal ${signal}`)
    return at
  }

  /** One that takes over is killed then, at whatever it was; the one before is ended in order. */
  async takeOverInVain(afterMs: number): Promise<bigint> {
    this.#isEnding = true
    const newcomer = this.#spawn(["--takeover"])
    await delay(afterMs)
    await newcomer.kill()
    return this.terminate()
  }

  /** What the living one counts, unless it does not answer. */
  async lookAtStats(): Promise<StatsView | undefined> {
    const { pid } = this
    try {
      const stats = await within("stats", statsBudgetMs, this.debug.get<StatsView>("/v1/stats"))
      if (pid === this.pid) this.#stats = stats
      return stats
    } catch {
      return undefined
    }
  }

  /** Of all lives, as far as they were looked at. */
  get tally(): Tally {
    if (this.#stats === undefined) return this.#past
    const { faults, pages_poisoned } = this.#stats
    return {
      faults: this.#past.faults + faults.missing + faults.minor + faults.write_protect,
      pagesPoisoned: this.#past.pagesPoisoned + pages_poisoned,
    }
  }

  #spawn(extra: readonly string[]): OwnedProcess {
    const { args, hasChannel } = this.launch(extra)
    const stdio = ["ignore", "pipe", "pipe", ...(hasChannel ? ["ipc" as const] : [])] as const
    const child = spawn(process.execPath, args, { stdio: [...stdio], detached: isOwnGroup })
    const life = new OwnedProcess(this.name, child)
    child.stderr?.on("data", (chunk: Buffer) => this.#log.write(chunk))
    this.#note(`${life.pid} starts ${extra.join(" ")}`)
    void life.exited.then(({ code, signal }) => {
      this.#note(`${life.pid} ended: code ${code}, signal ${signal}`)
    })
    return life
  }

  #note(text: string): void {
    this.#log.write(`chaos: ${text}\n`)
  }

  get #living(): OwnedProcess {
    if (this.#process === undefined) throw new Error(`${this.name} was never started`)
    return this.#process
  }
}

async function waitUntilReady(life: OwnedProcess, socket: string): Promise<void> {
  const line = `pagerd ready on ${socket}\n`
  let hasEnded = false
  void life.exited.then(() => {
    hasEnded = true
  })
  await retryUntil(`${life.name}'s ready line`, readyBudgetMs, () => {
    return hasEnded || life.stdout.includes(line)
  })
}
