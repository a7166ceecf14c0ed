import { right } from "../../vmm/conformance/bed.js"
import type { Vmm, VmmAnswer } from "../../vmm/vmm_program.js"
import type { Findings } from "../findings.js"
import type { Random } from "../random.js"

/** Pages of a VM's memory, one behind the other. */
export interface PageRange {
  readonly first: number
  readonly count: number
}

/** What guests did, and what was wrong with it, over all orders. */
export class Touches {
  accesses = 0
  writes = 0
  /** Pages of which every byte was looked at. */
  inspected = 0
  wrong = 0
  failed = 0
}

/** One virtual machine of a run. Whatever is wrong with an answer of its goes to the findings. */
export class Guest {
  #begunMs = 0
  #touchedBefore = 0

  constructor(
    readonly name: string,
    readonly vmm: Vmm,
    private readonly random: Random,
    private readonly touches: Touches,
    private readonly findings: Findings,
  ) {}

  get pages(): number {
    return this.vmm.ready.pages
  }

  /** Gives some of these pages back, and writes half of them and as many behind them. */
  async churn({ first, count }: PageRange): Promise<void> {
    const some = Math.max(1, Math.floor(count / 32))
    const start = first + this.random.below(count - 2 * some + 1)
    await this.#order("balloon", start, some)
    await this.#order("write", start + Math.floor(some / 2), some, this.random.next())
  }

  /** Has the vCPUs touch all of these pages, and returns as soon as they do. */
  async begin({ first, count }: PageRange): Promise<void> {
    this.#touchedBefore = (await this.#order("stat"))?.touched ?? 0
    const writes = this.random.once(4)
    const work = writes ? ["write", first, count] : ["walk", first, count, 1]
    await this.#order("start", ...work, this.random.next())
    this.#begunMs = performance.now()
  }

  /** Pages touched since the work began. */
  async progress(): Promise<number> {
    const touched = (await this.#order("stat"))?.touched
    // Who is lost is not waited for.
    return touched === undefined ? Number.POSITIVE_INFINITY : touched - this.#touchedBefore
  }

  /** Waits for the end of the work. When that was is the answer, and the longest touch. */
  async end(): Promise<{ endedMs: number; longestMs: number }> {
    const answer = await this.#order("wait")
    const tookMs = (answer?.took_ns ?? 0) / 1e6
    return { endedMs: this.#begunMs + tookMs, longestMs: (answer?.latency_ns?.max ?? 0) / 1e6 }
  }

  /** Every byte of every page. */
  async inspect(): Promise<void> {
    const answer = await this.#order("inspect", 0, this.pages)
    this.touches.inspected += answer?.accesses ?? 0
  }

  /** Undefined when there was no answer: then the VM is lost. */
  async #order(...words: readonly (string | number)[]): Promise<VmmAnswer | undefined> {
    if (this.findings.lostClients.has(this.vmm.process.pid)) return undefined
    try {
      const answer = await this.vmm.order(...words)
      this.#judge(answer)
      return answer
    } catch (error) {
      this.findings.lost(this.name, this.vmm.process.pid, (error as Error).message.trimEnd())
      return undefined
    }
  }

  #judge(answer: VmmAnswer): void {
    if (answer.order === "stat" || answer.accesses === undefined) return
    this.touches.accesses += answer.accesses
    this.touches.writes += answer.writes ?? 0
    this.touches.wrong += answer.wrong
    this.touches.failed += answer.failed
    try {
      right(answer)
    } catch (error) {
      this.findings.wrong(`${this.name}: ${(error as Error).message}`)
    }
  }
}
