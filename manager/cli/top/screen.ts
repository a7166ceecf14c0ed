const enter = "\x1b[?1049h\x1b[?25l\x1b[?7l"
const leave = "\x1b[?7h\x1b[?25h\x1b[?1049l"

/**
 * The whole terminal, taken over: the alternate screen without a cursor, and the keyboard key by
 * key. close() gives back what was there, and so does the end of the process however it comes
 * about.
 */
export class Screen {
  readonly #onKey = (keys: Buffer) => {
    if (keys.includes("q") || keys.includes("\x03")) this.onQuit()
  }
  readonly #onExit = () => this.close()
  #isOpen = true

  constructor(readonly onQuit: () => void) {
    process.stdout.write(enter)
    if (process.stdin.isTTY) {
      // In raw mode Ctrl-C is a key like any other.
      process.stdin.setRawMode(true)
      process.stdin.on("data", this.#onKey)
    }
    process.once("exit", this.#onExit)
  }

  get rows(): number {
    // A terminal that was never told its size says 0.
    return process.stdout.rows || 24
  }

  /** Replaces what is shown, without clearing first: that would flicker. */
  draw(lines: readonly string[]): void {
    const shown = lines.slice(0, this.rows).map((line) => `${line}\x1b[K`)
    process.stdout.write(`\x1b[H${shown.join("\r\n")}\x1b[J`)
  }

  close(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    process.off("exit", this.#onExit)
    process.stdout.write(leave)
    if (process.stdin.isTTY) {
      process.stdin.setRawMode(false)
      process.stdin.off("data", this.#onKey)
      process.stdin.pause()
    }
  }
}
