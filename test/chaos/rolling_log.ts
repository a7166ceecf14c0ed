import { closeSync, openSync, renameSync, unlinkSync, writeSync } from "node:fs"

const bytesMax = 8 << 20

/**
 * A log of a run that may take hours: the file, and one before it. Written at once, so that it is
 * whole however the run ends.
 */
export class RollingLog {
  #file: number
  #bytes = 0

  constructor(readonly path: string) {
    this.#file = openSync(path, "w")
  }

  write(text: string | Buffer): void {
    this.#bytes += writeSync(this.#file, Buffer.from(text))
    if (this.#bytes < bytesMax) return
    closeSync(this.#file)
    renameSync(this.path, `${this.path}.before`)
    this.#file = openSync(this.path, "w")
    this.#bytes = 0
  }

  close(): void {
    closeSync(this.#file)
  }

  /** Closes it, and nothing is left to read. */
  remove(): void {
    this.close()
    unlinkSync(this.path)
  }
}
