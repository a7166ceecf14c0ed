import { library } from "./library.js"
import { wholeNumber } from "./map_options.js"
import { Paged } from "./paged.js"
import type { RegionHandle } from "./region_handle.js"
import { Views } from "./views.js"

/**
 * An image mapped into new memory of this process. Reading a page that is not there yet stops this
 * thread until the manager has installed it; a page that can never be had ends the process with
 * SIGBUS, which JavaScript cannot catch.
 */
export class Region extends Paged {
  readonly #forget: () => void
  readonly #views: Views
  #buffer: ArrayBuffer | undefined

  /** By Pager.map(). */
  constructor(handle: RegionHandle, forget: () => void) {
    super(handle)
    this.#forget = forget
    this.#views = new Views(handle.address, handle.byteLength)
  }

  /** All of the region. Throws for regions longer than an ArrayBuffer can be: see view(). */
  get buffer(): ArrayBuffer {
    this.handle.requireOpen()
    this.#buffer ??= this.#views.make(0, this.byteLength)
    return this.#buffer
  }

  /** A part of the region, offset and length in bytes. */
  view(offset: number, length: number): ArrayBuffer {
    this.handle.requireOpen()
    wholeNumber("offset", offset, this.byteLength)
    wholeNumber("length", length, this.byteLength - offset)
    return this.#views.make(offset, length)
  }

  /**
   * Ends the region. ArrayBuffers over it must not be used any more: later Nodes make them empty,
   * with Node 20 using one ends the process with SIGSEGV.
   */
  override async close(): Promise<void> {
    this.#buffer = undefined
    await this.handle.end(library().retire)
    this.#views.retire()
    this.#forget()
  }
}
