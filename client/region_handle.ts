import type { Mode } from "../protocol/messages.js"
import { call, callNow } from "./call.js"
import { PagerdError } from "./error.js"
import { type Fallible, library, type Pointer } from "./library.js"
import { modeOf, wholeNumber } from "./map_options.js"

/**
 * One region of libpagerd's, guarded: it is never freed while a call on it is under way, and never
 * used once it has been freed. Owned by the pager.
 */
export class RegionHandle {
  readonly address: Pointer
  readonly byteLength: number
  readonly mode: Mode
  readonly why: string
  readonly #pointer: Pointer
  readonly #underWay = new Set<Promise<unknown>>()
  #end: Promise<void> | undefined

  constructor(pointer: Pointer) {
    this.#pointer = pointer
    this.address = library().address(pointer)
    this.byteLength = library().lengthBytes(pointer)
    this.mode = modeOf(library().mode(pointer))
    this.why = library().why(pointer)
  }

  get isOpen(): boolean {
    return this.#end === undefined
  }

  requireOpen(): void {
    if (!this.isOpen) throw new PagerdError("closed", "The region was closed")
  }

  reset(): void {
    this.requireOpen()
    callNow(library().reset, this.#pointer)
  }

  async prefault(offset = 0, length = this.byteLength - offset): Promise<void> {
    this.requireOpen()
    wholeNumber("offset", offset, this.byteLength)
    wholeNumber("length", length, this.byteLength - offset)
    // To the library 0 means "to the end".
    if (length === 0) return
    const prefaulted = call(library().prefault, this.#pointer, offset, length)
    this.#underWay.add(prefaulted)
    try {
      await prefaulted
    } finally {
      this.#underWay.delete(prefaulted)
    }
  }

  /** Ends the region once, whoever asks; when that fails it is open again. */
  async end(ending: Fallible<[region: Pointer], number>): Promise<void> {
    this.#end ??= this.#endWith(ending).catch((error: unknown) => {
      this.#end = undefined
      throw error
    })
    await this.#end
  }

  /** The library has freed it together with its client. */
  abandon(): void {
    this.#end ??= Promise.resolve()
  }

  async #endWith(ending: Fallible<[region: Pointer], number>): Promise<void> {
    await Promise.allSettled(this.#underWay)
    await call(ending, this.#pointer)
  }
}
