import koffi from "koffi"
import { library, type Pointer } from "./library.js"
import { Paged } from "./paged.js"
import type { RegionHandle } from "./region_handle.js"

/** What is used of a WebAssembly.Memory. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer | SharedArrayBuffer
}

/**
 * A WebAssembly.Memory whose pages come from an image. `memory.grow()` goes on working; what it
 * adds is ordinary memory. It keeps the memory alive until it is closed or discarded.
 */
export class PagedMemory extends Paged {
  readonly #forget: () => void

  /** By Pager.attachMemory(). */
  constructor(
    readonly memory: WasmMemory,
    handle: RegionHandle,
    forget: () => void,
  ) {
    super(handle)
    this.#forget = forget
  }

  /**
   * Installs every page that is still missing, and lets the memory go: it is the program's own from
   * then on. Fails when a page cannot be had; the region is then still in place.
   */
  override async close(): Promise<void> {
    await this.handle.end(library().unmap)
    this.#forget()
  }

  /**
   * Ends it without keeping a byte, for an instance that is thrown away: nothing is waited for or
   * copied. The image's part of the memory is inaccessible from then on: JavaScript that touches it
   * ends the process with SIGSEGV, wasm code traps.
   */
  async discard(): Promise<void> {
    await this.handle.end(library().retire)
    this.#forget()
  }
}

/** A memory is never moved: growing it makes a new buffer at the same address. */
export function addressOf(memory: WasmMemory): Pointer {
  return koffi.address(new Uint8Array(memory.buffer))
}
