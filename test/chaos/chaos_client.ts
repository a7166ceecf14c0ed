import { spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { OwnedProcess } from "../harness/owned_process.js"
import { within } from "../harness/retry.js"
import type { Books } from "./books.js"
import { type Census, findLeaks, type Leak, takeCensus } from "./census.js"
import { type Daemon, isOwnGroup } from "./daemon.js"
import type { Findings } from "./findings.js"
import { RollingLog } from "./rolling_log.js"

const wordBudgetMs = 60_000

/** How to start a client, and where in the books its threads write. */
export interface Berth {
  readonly name: string
  readonly daemon: Daemon
  readonly firstSlot: number
  readonly slots: number
  command(life: number): readonly string[]
}

/**
 * A client process: it says "ready" with all that it keeps open, works from "go" to "stop", says
 * "quiet" with the same things open, and exits with 0 at "end".
 */
export class ChaosClient {
  readonly #process: OwnedProcess
  readonly #words: string[] = []
  readonly #log: RollingLog
  readonly #closed: Promise<void>
  #onWord: () => void = () => {}
  #isEnding = false
  #isClosed = false
  #before: Census = new Map()

  constructor(
    readonly berth: Berth,
    life: number,
    private readonly books: Books,
    private readonly findings: Findings,
    logDirectory: string,
  ) {
    const [command = "", ...args] = berth.command(life)
    const stdio = ["pipe", "pipe", "pipe"] as const
    const child = spawn(command, args, { stdio: [...stdio], detached: isOwnGroup })
    this.#process = new OwnedProcess(berth.name, child)
    this.#log = new RollingLog(`${logDirectory}/${berth.name}-${life}.log`)
    this.#log.write(`chaos: ${[command, ...args].join(" ")}\n`)
    child.stdin?.on("error", () => {}) // It may be dead; that is told elsewhere.
    child.stderr?.on("data", (chunk: Buffer) => this.#log.write(chunk))
    if (child.stdout) createInterface(child.stdout).on("line", (line) => this.#take(line))
    // Not at its exit: by "close" all that it said was read.
    this.#closed = once(child, "close").then(([code, signal]) => {
      const ending = `ended with code ${code}, signal ${signal}`
      this.#log.write(`chaos: ${ending}\n`)
      if (!this.#isEnding) this.#isLost(ending)
      // Of those who were killed and had nothing to tell there are many in an hour.
      if (findings.isEmpty) this.#log.remove()
      else this.#log.close()
      this.#bury()
      this.#isClosed = true
      this.#onWord()
    })
  }

  get pid(): number {
    return this.#process.pid
  }

  async start(): Promise<void> {
    if (!(await this.#hear("ready"))) return
    this.#before = takeCensus(this.pid)
    this.#say("go")
  }

  /** SIGKILL; returns when its slots are free for another. */
  async kill(): Promise<void> {
    this.#isEnding = true
    await this.#process.kill()
    await this.#closed
  }

  /** Ends it in order, and tells what it left open that was not open when it began. */
  async stop(): Promise<Leak[]> {
    if (this.findings.lostClients.has(this.pid)) {
      await this.kill() // It may never hear a word again.
      return []
    }
    this.#say("stop")
    if (!(await this.#hear("quiet"))) return []
    const leaks = findLeaks(this.#before, takeCensus(this.pid))
    this.#isEnding = true
    this.#say("end")
    const ended = within("its end", wordBudgetMs, this.#process.exited)
    const { code, signal } = await ended.catch(() => ({ code: null, signal: "none" }))
    if (code !== 0) this.#isLost(`was to end, and ended with code ${code}, signal ${signal}`)
    return leaks
  }

  #say(word: string): void {
    this.#process.child.stdin?.write(`${word}\n`)
  }

  /** False when it ends, or does not say the word in time; then it is lost. */
  async #hear(word: string): Promise<boolean> {
    const hears = async () => {
      while (!this.#words.includes(word) && !this.#isClosed) {
        await new Promise<void>((resolve) => {
          this.#onWord = resolve
        })
      }
    }
    await within(word, wordBudgetMs, hears()).catch(() => {})
    if (this.#words.includes(word)) return true
    if (!this.#isClosed) this.#isLost(`did not say "${word}" within ${wordBudgetMs} ms`)
    return false
  }

  #take(line: string): void {
    this.#log.write(`${line}\n`)
    if (line.startsWith("wrong ")) this.findings.wrong(`${this.berth.name}: ${line}`)
    else if (line.startsWith("failed ")) this.#isLost(line)
    else this.#words.push(line)
    this.#onWord()
  }

  #isLost(why: string): void {
    this.findings.lost(this.berth.name, this.pid, why)
  }

  #bury(): void {
    const { firstSlot, slots } = this.berth
    for (let slot = firstSlot; slot < firstSlot + slots; slot++) this.books.bury(slot)
  }
}
