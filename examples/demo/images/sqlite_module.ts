import sqlite3InitModule from "@sqlite.org/sqlite-wasm"
import { mebibyte } from "../output/units.js"

/** The maximum that sqlite3.wasm declares for its imported memory: 2 GiB in pages of 64 KiB. */
const memoryPagesMax = 32_768
export const wasmPageBytes = 65_536
/** What the module itself begins with. */
export const initialMemoryBytes = 16 * mebibyte

/** A WebAssembly.Memory. */
export interface LinearMemory {
  readonly buffer: ArrayBuffer
}

const { Memory } = (
  globalThis as unknown as {
    WebAssembly: { Memory: new (size: { initial: number; maximum: number }) => LinearMemory }
  }
).WebAssembly

/** What of the package's C interface the demo calls. Pointers are offsets in the linear memory. */
interface CInterface {
  sqlite3_open_v2(name: string, databaseOut: number, flags: number, vfs: null): number
  sqlite3_exec(database: number, sql: string, callback: 0, argument: 0, message: 0): number
  sqlite3_prepare_v2(
    database: number,
    sql: string,
    sqlBytes: number,
    statementOut: number,
    tail: null,
  ): number
  sqlite3_bind_int(statement: number, index: number, value: number): number
  sqlite3_step(statement: number): number
  sqlite3_reset(statement: number): number
  sqlite3_finalize(statement: number): number
  sqlite3_column_count(statement: number): number
  sqlite3_column_text(statement: number, column: number): string | null
  sqlite3_errmsg(database: number): string
  sqlite3_randomness(bytes: 0, target: 0): void
  SQLITE_OK: number
  SQLITE_ROW: number
  SQLITE_DONE: number
  SQLITE_OPEN_READWRITE: number
  SQLITE_OPEN_CREATE: number
}

interface Module {
  capi: CInterface
  wasm: {
    alloc(bytes: number): number
    dealloc(pointer: number): void
    peekPtr(pointer: number): number
    exports: {
      emscripten_stack_get_current(): number
      __indirect_function_table: { readonly length: number }
    }
  }
}

/**
 * Everything about an instance that lives outside its linear memory and that the bytes in it rely
 * on. An image may replace the memory of an instance only when these are equal; they are, when the
 * same build of the module was initialised in the same way and stands between two calls.
 */
export interface OutsideState {
  /** A mutable global of the instance. */
  readonly stackPointer: number
  /** Function pointers in the memory are indices into this table; the JS side appends to it. */
  readonly tableLength: number
  /** Where the next allocation lands: JS keeps pointers to what was allocated before. */
  readonly nextAllocation: number
}

/** An initialised SQLite and the linear memory it runs in. */
export interface Sqlite {
  readonly capi: CInterface
  readonly wasm: Module["wasm"]
  readonly memory: LinearMemory
  readonly outside: OutsideState
}

/**
 * Initialises SQLite in a linear memory of the given size. The memory is made here and not grown
 * afterwards: `grow` from outside leaves Emscripten's cached views (HEAPU8 and its kin) detached,
 * and its file system calls would then read nothing. Emscripten copies an environment into the
 * memory that holds the path of the running program; with a name of ours in its place the heap
 * begins alike in builder and workers.
 */
export async function loadSqlite(memoryBytes: number): Promise<Sqlite> {
  const memory = new Memory({
    initial: Math.ceil(memoryBytes / wasmPageBytes),
    maximum: memoryPagesMax,
  })
  const initialise = sqlite3InitModule as unknown as (options: {
    wasmMemory: LinearMemory
    thisProgram: string
  }) => Promise<Module>
  const { capi, wasm } = await initialise({ wasmMemory: memory, thisProgram: "sqlite" })
  return { capi, wasm, memory, outside: outsideState(wasm) }
}

/** The language goes into that environment too: instances of another one have another heap. */
export function instanceLanguage(): string {
  const { navigator } = globalThis as { navigator?: { languages?: readonly string[] } }
  return navigator?.languages?.[0] ?? "C"
}

function outsideState(wasm: Module["wasm"]): OutsideState {
  const nextAllocation = wasm.alloc(64)
  wasm.dealloc(nextAllocation)
  return {
    stackPointer: wasm.exports.emscripten_stack_get_current(),
    tableLength: wasm.exports.__indirect_function_table.length,
    nextAllocation,
  }
}
