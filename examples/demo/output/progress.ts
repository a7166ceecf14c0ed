import { performance } from "node:perf_hooks"
import { count, mebibytes, short } from "./units.js"

export type Unit = "bytes" | "rows" | "workers" | "requests"

/** Where progress goes; process.stdout is one. */
type Output = NodeJS.WritableStream & { readonly isTTY?: boolean }

/** One piece of work under way. `end` is called once, also after an error's last `update`. */
export interface Step {
  update(done: number): void
  end(): void
}

/**
 * Tells whoever watches what the demo is doing: one line rewritten in place on a terminal, plain
 * lines elsewhere (one when a step begins, one every few seconds, one when it ends).
 */
export class Progress {
  readonly #stream: Output
  readonly #isLive: boolean

  constructor(stream: Output) {
    this.#stream = stream
    this.#isLive = stream.isTTY === true
  }

  say(text: string): void {
    this.#stream.write(`${text}\n`)
  }

  begin(title: string, total: number, unit: Unit): Step {
    return new StepLine(this.#stream, this.#isLive, title, total, unit)
  }
}

const redrawIntervalMs = 100
const plainIntervalMs = 2000

class StepLine implements Step {
  readonly #started = performance.now()
  #drawn = this.#started
  #done = 0

  constructor(
    private readonly stream: Output,
    private readonly isLive: boolean,
    private readonly title: string,
    private readonly total: number,
    private readonly unit: Unit,
  ) {
    if (isLive) this.#redraw()
  }

  update(done: number): void {
    this.#done = done
    const now = performance.now()
    if (now - this.#drawn < (this.isLive ? redrawIntervalMs : plainIntervalMs)) return
    this.#drawn = now
    if (this.isLive) this.#redraw()
    else this.stream.write(`${this.#line()}\n`)
  }

  end(): void {
    const text = `${this.#line()} in ${short((performance.now() - this.#started) / 1000)} s\n`
    this.stream.write(this.isLive ? `\r\x1b[K${text}` : text)
  }

  #redraw(): void {
    this.stream.write(`\r\x1b[K${this.#line()}`)
  }

  #line(): string {
    const percent = this.total === 0 ? 100 : Math.floor((100 * this.#done) / this.total)
    return `  ${this.title.padEnd(30)} ${String(percent).padStart(3)} %  ${this.#amount()}`
  }

  #amount(): string {
    const seconds = Math.max(0.001, (performance.now() - this.#started) / 1000)
    if (this.unit === "bytes") {
      return `${mebibytes(this.#done)}, ${mebibytes(this.#done / seconds)}/s`
    }
    if (this.unit === "rows") {
      return `${count(this.#done)} rows, ${count(this.#done / seconds)} rows/s`
    }
    return `${count(this.#done)} of ${count(this.total)} done`
  }
}
