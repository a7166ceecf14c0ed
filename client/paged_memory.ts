import koffi from "koffi"
import type { Mode } from "../protocol/messages.js"
import { library, type Pointer } from "./library.js"
import type { RegionHandle } from "./region_handle.js"

/** What is used of a WebAssembly.Memory. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer | SharedArrayBuffer
}

/**
 * A WebAssembly.Memory whose pages come from an image. `memory.grow()` goes on working; what it
 * adds is ordinary memory. It keeps the memory alive until it is closed.
 */
export class PagedMemory {
  readonly #handle: RegionHandle
  readonly #forget: () => void

  /** By Pager.attachMemory(). */
  constructor(
    readonly memory: WasmMemory,
    handle: RegionHandle,
    forget: () => void,
  ) {
    this.#handle = handle
    this.#forget = forget
  }

  /** The mode the manager took, never "auto", and its reason. */
  get mode(): Mode {
    return this.#handle.mode
  }

  get why(): string {
    return this.#handle.why
  }

  get address(): bigint {
    return this.#handle.address
  }

  /** The image's part, in bytes; the memory may be longer. */
  get byteLength(): number {
    return this.#handle.byteLength
  }

  /** Puts every page of the image's part back to the image's bytes, without waiting. */
  reset(): void {
    this.#handle.reset()
  }

  /** Resolves once the pages of the range, in bytes, are there. Default: the image's part. */
  async prefault(offset?: number, length?: number): Promise<void> {
    await this.#handle.prefault(offset, length)
  }

  /**
   * Installs every page that is still missing, and lets the memory go: it is the program's own from
   * then on. Fails when a page cannot be had; the region is then still in place.
   */
  async close(): Promise<void> {
    await this.#handle.end(library().unmap)
    this.#forget()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

/** A memory is never moved: growing it makes a new buffer at the same address. */
export function addressOf(memory: WasmMemory): Pointer {
  return koffi.address(new Uint8Array(memory.buffer))
}
