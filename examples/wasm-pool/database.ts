/** What of the module's exports is used. Pointers are offsets in the linear memory. */
export interface SqliteExports {
  __wasm_call_ctors(): void
  malloc(bytes: number): number
  free(pointer: number): void
  sqlite3_initialize(): number
  sqlite3_open(name: number, databaseOut: number): number
  sqlite3_exec(database: number, sql: number, callback: 0, argument: 0, message: 0): number
  sqlite3_prepare_v2(
    database: number,
    sql: number,
    sqlBytes: number,
    statementOut: number,
    tail: 0,
  ): number
  sqlite3_bind_int(statement: number, index: number, value: number): number
  sqlite3_bind_text(
    statement: number,
    index: number,
    text: number,
    bytes: number,
    destructor: number,
  ): number
  sqlite3_step(statement: number): number
  sqlite3_column_int(statement: number, column: number): number
  sqlite3_finalize(statement: number): number
  sqlite3_errmsg(database: number): number
}

/** A WebAssembly.Memory. */
export interface LinearMemory {
  readonly buffer: ArrayBufferLike
}

/** An instance of the module, wherever its memory comes from. */
export interface SqliteInstance {
  readonly exports: SqliteExports
  readonly memory: LinearMemory
}

const ok = 0
const row = 100
const done = 101
/** Has SQLite copy a text that is bound. */
const transient = -1

/** A database inside an instance. Its pointer is the same in everything made from one image. */
export class Database {
  constructor(
    private readonly instance: SqliteInstance,
    readonly pointer: number,
  ) {}

  /** In an instance of which nothing has run yet. */
  static openFirst(instance: SqliteInstance): Database {
    const { exports, memory } = instance
    exports.__wasm_call_ctors()
    const status = exports.sqlite3_initialize()
    if (status !== ok) throw new Error(`sqlite3_initialize answered ${status}`)
    const name = allocateText(instance, ":memory:")
    const pointerOut = exports.malloc(4)
    const opened = exports.sqlite3_open(name, pointerOut)
    const pointer = new DataView(memory.buffer).getUint32(pointerOut, true)
    exports.free(pointerOut)
    exports.free(name)
    if (opened !== ok) throw new Error(`sqlite3_open answered ${opened}`)
    return new Database(instance, pointer)
  }

  execute(sql: string): void {
    const { exports } = this.instance
    const text = allocateText(this.instance, sql)
    const status = exports.sqlite3_exec(this.pointer, text, 0, 0, 0)
    exports.free(text)
    if (status !== ok) throw this.#error(sql)
  }

  /** Runs a statement; returns the whole numbers of its row, none when there is no row. */
  run(sql: string, values: readonly (string | number)[], columns = 0): number[] {
    const { exports } = this.instance
    const statement = this.#prepare(sql)
    values.forEach((value, index) => {
      this.#bind(statement, index + 1, value)
    })
    const status = exports.sqlite3_step(statement)
    const found = Array.from({ length: status === row ? columns : 0 }, (_, column) =>
      exports.sqlite3_column_int(statement, column),
    )
    exports.sqlite3_finalize(statement)
    if (status !== row && status !== done) throw this.#error(sql)
    return found
  }

  #prepare(sql: string): number {
    const { exports, memory } = this.instance
    const text = allocateText(this.instance, sql)
    const statementOut = exports.malloc(4)
    const status = exports.sqlite3_prepare_v2(this.pointer, text, -1, statementOut, 0)
    const statement = new DataView(memory.buffer).getUint32(statementOut, true)
    exports.free(statementOut)
    exports.free(text)
    if (status !== ok) throw this.#error(sql)
    return statement
  }

  #bind(statement: number, index: number, value: string | number): void {
    const { exports } = this.instance
    if (typeof value === "number") {
      exports.sqlite3_bind_int(statement, index, value)
      return
    }
    const text = allocateText(this.instance, value)
    exports.sqlite3_bind_text(statement, index, text, -1, transient)
    exports.free(text)
  }

  #error(sql: string): Error {
    const { exports, memory } = this.instance
    const bytes = Buffer.from(memory.buffer)
    const start = exports.sqlite3_errmsg(this.pointer)
    return new Error(
      `SQLite: ${bytes.toString("utf8", start, bytes.indexOf(0, start))}, running ${sql}`,
    )
  }
}

/** A text with its final zero. Whoever asks for it frees it. */
function allocateText({ exports, memory }: SqliteInstance, text: string): number {
  const encoded = Buffer.from(`${text}\0`)
  const pointer = exports.malloc(encoded.length)
  if (pointer === 0) throw new Error(`The instance has no room for ${encoded.length} bytes`)
  new Uint8Array(memory.buffer).set(encoded, pointer)
  return pointer
}
