import type { WasmMemory } from "../paged_memory.js"

/** The types of Node 20 do not know WebAssembly: what is used of it here. */
export interface GrowableMemory extends WasmMemory {
  /** By so many pages of 64 KiB; returns how many there were. The buffer is then another one. */
  grow(pages: number): number
}

export interface Global {
  value: unknown
}

export interface Table {
  readonly length: number
  get(index: number): unknown
}

/** A compiled module. */
export type WasmModule = object

/** By module name and name, as WebAssembly.instantiate() takes them. */
export type Imports = Readonly<Record<string, Readonly<Record<string, unknown>>>>

export type Exports = Readonly<Record<string, unknown>>

type Constructor<Arguments extends unknown[], Result> = new (...given: Arguments) => Result

interface WebAssemblyNamespace {
  compile(bytes: Uint8Array): Promise<WasmModule>
  readonly Instance: Constructor<
    [module: WasmModule, imports: Imports],
    { readonly exports: Exports }
  >
  readonly Memory: Constructor<[size: { initial: number; maximum?: number }], GrowableMemory>
  readonly Global: Constructor<never, Global>
  readonly Table: Constructor<never, Table>
}

export const { WebAssembly: webAssembly } = globalThis as unknown as {
  readonly WebAssembly: WebAssemblyNamespace
}

export const wasmPageBytes = 65_536

/** Its bytes as they are now: growing a memory makes a new buffer. */
export const bytesOf = (memory: WasmMemory): Uint8Array => new Uint8Array(memory.buffer)

export const pagesOf = (memory: WasmMemory): number => memory.buffer.byteLength / wasmPageBytes
