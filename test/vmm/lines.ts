import { createInterface } from "node:readline"
import type { OwnedProcess } from "../harness/owned_process.js"
import { within } from "../harness/retry.js"

const answerBudgetMs = 30_000

/** The JSON lines by which a process answers lines on its standard input, one for each. */
export class Lines {
  readonly #lines: AsyncIterator<string>

  constructor(
    readonly process: OwnedProcess,
    readonly budgetMs: number = answerBudgetMs,
  ) {
    if (process.child.stdout === null) throw new Error(`${process.name} has no pipe to read from`)
    this.#lines = createInterface({ input: process.child.stdout })[Symbol.asyncIterator]()
    process.child.stdin?.on("error", () => {}) // It has ended; what is asked of it then fails.
  }

  /** The next line; `what` names it when it does not come. */
  async next(what: string): Promise<Record<string, unknown>> {
    const line = await within(what, this.budgetMs, this.#lines.next())
    if (line.done) return this.process.early()
    return JSON.parse(line.value) as Record<string, unknown>
  }

  ask(line: string): Promise<Record<string, unknown>> {
    this.process.child.stdin?.write(`${line}\n`)
    return this.next(`the answer to "${line}"`)
  }
}
