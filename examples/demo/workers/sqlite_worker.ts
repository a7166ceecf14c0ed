import { isDeepStrictEqual } from "node:util"
import { connect } from "pagerd"
import { indexSql, insertSql, type QuestionKind, questionSql, schemaSql } from "../images/orders.js"
import { Database, type Statement } from "../images/sqlite_database.js"
import type { SqliteFacts } from "../images/sqlite_image.js"
import { loadSqlite, type Sqlite } from "../images/sqlite_module.js"
import { type Job, regionFigures } from "./messages.js"
import { readFileInto } from "./read_file.js"
import { type Placed, runWorker } from "./worker.js"

type SqliteJob = Job<SqliteFacts>

/**
 * A worker that puts a database of 200 MiB under a SQLite it has just initialised, and queries it.
 */
runWorker<SqliteFacts>(async (job) => {
  const sqlite = await loadSqlite(job.lengthBytes)
  if (!isDeepStrictEqual(sqlite.outside, job.facts.outside)) {
    throw new Error(
      `This SQLite cannot take over the image: it stands at ${JSON.stringify(sqlite.outside)}, ` +
        `the image was made at ${JSON.stringify(job.facts.outside)}`,
    )
  }
  warmUp(sqlite)
  return async () => {
    const source = job.way === "pagerd" ? await attach(job, sqlite) : copy(job, sqlite)
    // Every worker woke up with the same random state; SQLite draws a new one.
    sqlite.capi.sqlite3_randomness(0, 0)
    return { ...source, ...queries(job, sqlite) }
  }
})

/**
 * Has the code compiled before the clock starts, which every way needs. What it leaves in the
 * memory goes when the image comes.
 */
function warmUp(sqlite: Sqlite): void {
  const database = Database.openInMemory(sqlite)
  database.execute(schemaSql)
  database.execute(indexSql)
  database.prepare(insertSql).run([1, 1_000])
  for (const sql of Object.values(questionSql)) database.prepare(sql).run([1])
}

type Source = Pick<Placed, "region" | "close">

/** The image takes the place of the memory's bytes, and its pages come when they are touched. */
async function attach(job: SqliteJob, { memory }: Sqlite): Promise<Source> {
  const pager = await connect({ socket: job.socket })
  const region = await pager.attachMemory(memory, job.image, { mode: job.mode })
  // Left open: closing would install every page that is missing. The process's end is enough.
  return { region: regionFigures(region), close: async () => {} }
}

/** The image is read over the memory's bytes, all of it. */
function copy(job: SqliteJob, { memory }: Sqlite): Source {
  readFileInto(job.path, new Uint8Array(memory.buffer))
  return { region: undefined, close: async () => {} }
}

function queries({ worker, facts }: SqliteJob, sqlite: Sqlite): Pick<Placed, "questions" | "ask"> {
  const database = new Database(sqlite, facts.database)
  const list = facts.questions[worker % facts.questions.length] ?? []
  const statements = new Map<QuestionKind, Statement>()
  const statement = (kind: QuestionKind): Statement => {
    const prepared = statements.get(kind) ?? database.prepare(questionSql[kind])
    statements.set(kind, prepared)
    return prepared
  }
  return {
    questions: list.length,
    ask: (index) => {
      const question = list[index]
      if (question === undefined) throw new Error(`There is no question ${index}`)
      const { kind, parameters, answer } = question
      const found = statement(kind).run(parameters)
      if (found !== answer) {
        throw new Error(`${kind}(${parameters.join(", ")}) answered "${found}", not "${answer}"`)
      }
    },
  }
}
