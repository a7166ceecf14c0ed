import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import type { Progress } from "../output/progress.js"
import { mebibyte } from "../output/units.js"
import { breathe } from "./breathe.js"
import {
  type AnsweredQuestion,
  indexSql,
  insertSql,
  type QuestionKind,
  questionSql,
  questionsOf,
  schemaSql,
} from "./orders.js"
import type { BuiltImage, Recipe } from "./recipe.js"
import { Database, type Statement } from "./sqlite_database.js"
import {
  initialMemoryBytes,
  instanceLanguage,
  loadSqlite,
  type OutsideState,
  type Sqlite,
} from "./sqlite_module.js"

/** What a worker has to know beside the bytes of the linear memory. */
export interface SqliteFacts {
  /** The open database: an offset in the linear memory. */
  readonly database: number
  readonly outside: OutsideState
  /**
   * Lists of questions with the answers that the builder got; a worker takes the list of its
   * number.
   */
  readonly questions: readonly (readonly AnsweredQuestion[])[]
}

const questionLists = 16
const rowsPerStep = 10_000
const chunkBytes = 4 * mebibyte
/** What a row with its share of the index takes in the linear memory. */
const bytesPerRow = 545

export function sqliteRecipe(rows: number): Recipe<SqliteFacts> {
  return {
    name: "sqlite",
    key: `orders format 2, ${rows} rows, module ${moduleDigest()}, ${instanceLanguage()}`,
    expectedBytes: initialMemoryBytes + rows * bytesPerRow,
    sizeOption: "--rows",
    build: (progress, signal) => buildDatabase(rows, progress, signal),
  }
}

async function buildDatabase(
  rows: number,
  progress: Progress,
  signal: AbortSignal,
): Promise<BuiltImage<SqliteFacts>> {
  const sqlite = await loadSqlite(initialMemoryBytes)
  const database = Database.openInMemory(sqlite)
  await insertRows(database, rows, progress, signal)
  const questions = answerQuestions(database, rows)

  const memory = new Uint8Array(sqlite.memory.buffer)
  return {
    lengthBytes: memory.length,
    chunks: chunksOf(memory),
    facts: { database: database.pointer, outside: restingState(sqlite), questions },
  }
}

function* chunksOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += chunkBytes) {
    yield bytes.subarray(start, start + chunkBytes)
  }
}

async function insertRows(
  database: Database,
  rows: number,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  const step = progress.begin("sqlite: filling the database", rows, "rows")
  database.execute(schemaSql)
  const insert = database.prepare(insertSql)
  for (let first = 1; first <= rows; first += rowsPerStep) {
    const last = Math.min(rows, first + rowsPerStep - 1)
    insert.run([first, last])
    step.update(last)
    await breathe(signal)
  }
  insert.finalise()
  database.execute(indexSql)
  step.end()
}

function answerQuestions(database: Database, rows: number): AnsweredQuestion[][] {
  const kinds = Object.keys(questionSql) as QuestionKind[]
  const statements = new Map<QuestionKind, Statement>(
    kinds.map((kind) => [kind, database.prepare(questionSql[kind])]),
  )
  const answered = Array.from({ length: questionLists }, (_, worker) =>
    questionsOf(worker, rows).map((question) => ({
      ...question,
      answer: statements.get(question.kind)?.run(question.parameters) ?? "",
    })),
  )
  for (const statement of statements.values()) statement.finalise()
  return answered
}

/** The state at rest must be the one that every new instance has after initialisation. */
function restingState(sqlite: Sqlite): OutsideState {
  const { stackPointer, tableLength } = sqlite.outside
  const exports = sqlite.wasm.exports
  if (
    exports.emscripten_stack_get_current() !== stackPointer ||
    exports.__indirect_function_table.length !== tableLength
  ) {
    throw new Error("Building the database changed the instance outside its linear memory")
  }
  return sqlite.outside
}

/** The wasm code and the JS around it decide together what the memory looks like. */
function moduleDigest(): string {
  const entry = fileURLToPath(import.meta.resolve("@sqlite.org/sqlite-wasm"))
  const folder = join(dirname(entry), "sqlite-wasm", "jswasm")
  const hash = createHash("sha256")
  for (const file of ["sqlite3.wasm", "sqlite3-node.mjs"])
    hash.update(readFileSync(join(folder, file)))
  return hash.digest("hex").slice(0, 16)
}
