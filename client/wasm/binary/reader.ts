import { PagerdError } from "../../error.js"

const utf8 = new TextDecoder("utf-8", { fatal: true })

/**
 * Reads a part of a WebAssembly binary. Never reads past its end: what is not there, or is not what
 * it must be, is an error that names the byte.
 */
export class Reader {
  readonly #bytes: Uint8Array
  #position: number
  readonly end: number

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.#bytes = bytes
    this.#position = start
    this.end = end
  }

  /** Counted from the start of the whole module. */
  get position(): number {
    return this.#position
  }

  get isAtEnd(): boolean {
    return this.#position === this.end
  }

  peek(wanted: string): number {
    const value = this.#bytes[this.#position]
    if (value === undefined || this.isAtEnd) throw this.failure("the end", wanted)
    return value
  }

  byte(wanted: string): number {
    const value = this.peek(wanted)
    this.#position += 1
    return value
  }

  /** An unsigned LEB128 number of 32 bits. */
  u32(wanted: string): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte(wanted)
      // Of the fifth byte four bits are left, and nothing may follow it.
      if (shift === 28 && byte > 0x0f) throw this.failure("a number above 32 bits", wanted)
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) break
    }
    return value
  }

  /** A number of things that take up at least a byte each. */
  count(wanted: string): number {
    const found = this.u32(wanted)
    const rest = this.end - this.#position
    if (found > rest) throw this.failure(`${found} in the ${rest} bytes that are left`, wanted)
    return found
  }

  /** Steps over a LEB128 number, signed or not, of at most so many bits. */
  skipNumber(bitsMax: 32 | 33 | 64, wanted: string): void {
    const bytesMax = Math.ceil(bitsMax / 7)
    for (let count = 1; this.byte(wanted) >= 0x80; count += 1) {
      if (count === bytesMax) throw this.failure(`a number above ${bitsMax} bits`, wanted)
    }
  }

  /** The next bytes, not copied. */
  take(lengthBytes: number, wanted: string): Uint8Array {
    const rest = this.end - this.#position
    if (lengthBytes > rest) throw this.failure(`the end after ${rest} bytes`, wanted)
    const start = this.#position
    this.#position += lengthBytes
    return this.#bytes.subarray(start, this.#position)
  }

  /** A reader of the next bytes; this one goes on behind them. */
  part(lengthBytes: number, wanted: string): Reader {
    const start = this.#position
    this.take(lengthBytes, wanted)
    return new Reader(this.#bytes, start, this.#position)
  }

  name(wanted: string): string {
    const bytes = this.take(this.count(`the length of ${wanted}`), wanted)
    try {
      return utf8.decode(bytes)
    } catch {
      throw this.failure("bytes that are not UTF-8", wanted)
    }
  }

  requireEnd(of: string): void {
    if (!this.isAtEnd) throw this.failure(`${this.end - this.#position} bytes more`, `end of ${of}`)
  }

  failure(found: string, wanted: string): PagerdError {
    const text = `found ${found} at byte ${this.#position}, wanted ${wanted}`
    return new PagerdError("bad_module", `Cannot read the WebAssembly module: ${text}`)
  }
}
