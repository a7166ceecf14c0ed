import * as assert from "uvu/assert"
import { indexSql, insertSql, questionSql, schemaSql } from "../../examples/demo/images/orders.js"
import { Database } from "../../examples/demo/images/sqlite_database.js"
import { initialMemoryBytes, loadSqlite } from "../../examples/demo/images/sqlite_module.js"
import type { Subject } from "./subject.js"

const rows = 5_000
const ranges = [
  [1, 500],
  [2_000, 2_999],
  [4_321, rows],
] as const

/** @sqlite.org/sqlite-wasm: a database in the linear memory. */
export async function sqliteSubject(): Promise<Subject> {
  const builder = await loadSqlite(initialMemoryBytes)
  const database = Database.openInMemory(builder)
  database.execute(schemaSql)
  const insert = database.prepare(insertSql)
  insert.run([1, rows])
  insert.finalise()
  database.execute(indexSql)
  return {
    name: "sqlite",
    image: new Uint8Array(builder.memory.buffer).slice(),
    answer: async (attach) => {
      const sqlite = await loadSqlite(initialMemoryBytes)
      assert.equal(sqlite.outside, builder.outside)
      await attach(sqlite.memory)
      const statement = new Database(sqlite, database.pointer).prepare(questionSql.range)
      return ranges.map((range) => statement.run(range))
    },
    expected: ranges.map(([first, last]) => answerInJavaScript(first, last)),
  }
}

/** The columns of the question by the formulas of insertSql. */
function answerInJavaScript(first: number, last: number): string {
  const ids = Array.from({ length: last - first + 1 }, (_, index) => first + index)
  const cents = ids.reduce((sum, id) => sum + ((id * 104_729) % 1_000_003), 0)
  const cities = ids.map((id) => `city-${String((id * 31) % 997).padStart(3, "0")}`).sort()
  return `${ids.length}|${cents}|${cities.at(-1)}`
}
