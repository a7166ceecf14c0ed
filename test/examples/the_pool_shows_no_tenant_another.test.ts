// time limit: 180 s
import { readdirSync } from "node:fs"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { buildImage } from "../../client/index.js"
import type { SqliteInstance } from "../../examples/wasm-pool/database.js"
import {
  openShop,
  priceOf,
  type Receipt,
  secretMark,
  serveOrder,
} from "../../examples/wasm-pool/shop.js"
import { readSqliteModule, sqliteImports } from "../../examples/wasm-pool/sqlite_module.js"
import { scratchDirectory } from "../harness/scratch.js"
import { type ExampleEnd, runExample } from "./run_example.js"

interface Report {
  readonly ok: boolean
  readonly ways: {
    readonly title: string
    readonly mode: string | null
    readonly requests: number
    readonly inspected: number
    readonly requests_per_second: number
    readonly ms_p50: number
    readonly ms_p99: number
    readonly cpu_ms_per_request: number
    readonly resets: Record<string, number>
  }[]
}

const scratch = scratchDirectory()

function runPool(...args: string[]): Promise<ExampleEnd> {
  const env = { XDG_RUNTIME_DIR: scratch, TMPDIR: scratch }
  return runExample("examples/wasm-pool/main.js", env, { args })
}

test("every answer is right in every mode, and each tenancy ends in a reset in place", async () => {
  const requests = 100
  const size = ["--requests", `${requests}`, "--slots", "2"]

  const { code, stdout, stderr } = await runPool(...size, "--json")

  assert.is(code, 0, stderr)
  const { ok, ways } = JSON.parse(stdout) as Report
  assert.is(ok, true)
  assert.equal(
    ways.map(({ title, mode }) => `${title}: ${mode}`),
    [
      "new instances: null",
      "copy instances: null",
      "pool, auto: cow",
      "pool, share: share",
      "pool, copy: copy",
      "pool, cow: cow",
    ],
  )
  for (const way of ways) {
    assert.ok(way.inspected > 0 && way.inspected < way.requests, way.title)
    assert.ok(way.requests_per_second > 0 && way.ms_p50 <= way.ms_p99, way.title)
    assert.ok(way.cpu_ms_per_request > 0, way.title)
  }
  for (const { title, resets } of ways.slice(2)) {
    assert.equal(resets, { in_place: requests }, title)
  }
  assert.equal(readdirSync(scratch), [])
})

test("without --json it prints a line for each way, and its progress on stderr", async () => {
  const { code, stdout, stderr } = await runPool("--requests", "40", "--mode", "copy")

  assert.is(code, 0, stderr)
  assert.match(stderr, /pool, copy +100 % {2}40 of 40 done/)
  assert.match(stdout, /^ {2}new instance, memory copied +-( +[\d,.]+){7}$/m)
  assert.match(stdout, /^ {2}pool, copy +copy( +[\d,.]+){7}$/m)
})

test("in an instance that was not reset, the next tenant finds the secret", async () => {
  const receipts: Receipt[] = []
  const lines = [{ good: 7, quantity: 3 }]

  await buildImage(readSqliteModule(), {
    imports: sqliteImports(),
    init: (made) => {
      const instance = made as unknown as SqliteInstance
      const database = openShop(instance)
      for (const name of ["first", "second"]) {
        const order = { secret: `${secretMark}${name}`, lines, isInspected: true }
        receipts.push(serveOrder(instance, database, order))
      }
    },
  })

  const [first, second] = receipts
  assert.is(first?.total, 3 * priceOf(7))
  assert.is(first?.foreign_rows, 0)
  assert.is(first?.secrets_before, 0)
  assert.is(second?.foreign_rows, 1)
  assert.ok((second?.secrets_before ?? 0) > 0)
})

test.run()
