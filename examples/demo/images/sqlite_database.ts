import type { Sqlite } from "./sqlite_module.js"

/**
 * An open database inside a linear memory: `pointer` is all that is needed to use it from another
 * instance.
 */
export class Database {
  constructor(
    private readonly sqlite: Sqlite,
    readonly pointer: number,
  ) {}

  static openInMemory(sqlite: Sqlite): Database {
    const { capi, wasm } = sqlite
    const pointerOut = wasm.alloc(8)
    const flags = capi.SQLITE_OPEN_READWRITE | capi.SQLITE_OPEN_CREATE
    const status = capi.sqlite3_open_v2(":memory:", pointerOut, flags, null)
    const pointer = wasm.peekPtr(pointerOut)
    wasm.dealloc(pointerOut)
    if (status !== capi.SQLITE_OK) throw new Error(`sqlite3_open_v2 answered ${status}`)
    return new Database(sqlite, pointer)
  }

  execute(sql: string): void {
    this.#check(this.sqlite.capi.sqlite3_exec(this.pointer, sql, 0, 0, 0), sql)
  }

  prepare(sql: string): Statement {
    const { capi, wasm } = this.sqlite
    const pointerOut = wasm.alloc(8)
    const status = capi.sqlite3_prepare_v2(this.pointer, sql, -1, pointerOut, null)
    const pointer = wasm.peekPtr(pointerOut)
    wasm.dealloc(pointerOut)
    this.#check(status, sql)
    return new Statement(this.sqlite, this.pointer, pointer)
  }

  #check(status: number, sql: string): void {
    if (status !== this.sqlite.capi.SQLITE_OK) throw sqliteError(this.sqlite, this.pointer, sql)
  }
}

/**
 * A prepared statement that yields one row at most. Finalise it before the memory is kept as an
 * image.
 */
export class Statement {
  constructor(
    private readonly sqlite: Sqlite,
    private readonly database: number,
    private readonly pointer: number,
  ) {}

  /** Runs it and returns the row's columns joined by "|", or "" when there is no row. */
  run(parameters: readonly number[]): string {
    const { capi } = this.sqlite
    parameters.forEach((value, index) => {
      capi.sqlite3_bind_int(this.pointer, index + 1, value)
    })
    const status = capi.sqlite3_step(this.pointer)
    if (status !== capi.SQLITE_ROW && status !== capi.SQLITE_DONE) {
      throw sqliteError(this.sqlite, this.database, `a statement with (${parameters.join(", ")})`)
    }
    const row = status === capi.SQLITE_ROW ? this.#row() : ""
    capi.sqlite3_reset(this.pointer)
    return row
  }

  finalise(): void {
    this.sqlite.capi.sqlite3_finalize(this.pointer)
  }

  #row(): string {
    const { capi } = this.sqlite
    const columns = Array.from({ length: capi.sqlite3_column_count(this.pointer) }, (_, column) =>
      capi.sqlite3_column_text(this.pointer, column),
    )
    return columns.join("|")
  }
}

function sqliteError(sqlite: Sqlite, database: number, sql: string): Error {
  return new Error(`SQLite: ${sqlite.capi.sqlite3_errmsg(database)}, running ${sql}`)
}
