import type { ChildProcess } from "node:child_process"
import { once } from "node:events"
import { atExit } from "./at_exit.js"
import { within } from "./retry.js"

/** How a process ended. */
export interface Ending {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

const endBudgetMs = 30_000
/** Of what a process writes its end is kept: it may go on for hours. */
const writtenMax = 4 << 20

/** A child process of a test, killed at the latest when the test's own process ends. */
export class OwnedProcess {
  readonly pid: number
  /** Settles when it ends, without a time limit. */
  readonly exited: Promise<Ending>
  /** What it wrote so far, where those are pipes; of very much, the end. */
  stdout = ""
  stderr = ""

  constructor(
    readonly name: string,
    readonly child: ChildProcess,
  ) {
    this.pid = child.pid ?? -1
    child.stdout?.on("data", (chunk: Buffer) => {
      this.stdout = withEnd(this.stdout, chunk)
    })
    child.stderr?.on("data", (chunk: Buffer) => {
      this.stderr = withEnd(this.stderr, chunk)
    })
    this.exited = once(child, "exit").then(([code, signal]) => ({ code, signal }))
    void this.exited.then(atExit(() => child.kill("SIGKILL")))
  }

  /** How it ended; fails when it does not. */
  ended(): Promise<Ending> {
    return within(`the end of ${this.name} ${this.pid}`, endBudgetMs, this.exited)
  }

  /** SIGKILL; returns when the kernel has buried it. */
  async kill(): Promise<void> {
    this.child.kill("SIGKILL")
    await this.ended()
  }

  /** Its end as an error, for those who waited for something else. */
  async early(): Promise<never> {
    const { code, signal } = await this.exited
    const written = this.stdout + this.stderr
    throw new Error(`${this.name} ended (code ${code}, signal ${signal}); it wrote:\n${written}`)
  }
}

function withEnd(text: string, chunk: Buffer): string {
  const written = text + chunk.toString()
  return written.length > writtenMax ? written.slice(-writtenMax / 2) : written
}
