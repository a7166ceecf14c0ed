import type { WasmMemory } from "../../client/index.js"

/** The types of Node 20 do not know WebAssembly. */
export interface GrowableMemory extends WasmMemory {
  grow(pages: number): number
}

interface MemorySize {
  readonly initial: number
  readonly maximum?: number
  readonly shared?: boolean
}

const { Memory } = (
  globalThis as unknown as { WebAssembly: { Memory: new (size: MemorySize) => GrowableMemory } }
).WebAssembly

export const wasmPageBytes = 65_536

/** A new WebAssembly.Memory; sizes in its pages of 64 KiB. */
export const makeMemory = (size: MemorySize): GrowableMemory => new Memory(size)

/** Its bytes as they are now: growing a memory makes a new buffer. */
export const bytesOf = (memory: WasmMemory, lengthBytes = memory.buffer.byteLength): Uint8Array =>
  new Uint8Array(memory.buffer, 0, lengthBytes)
