import { readdirSync } from "node:fs"
import { join } from "node:path"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { isRunning } from "../harness/observed_process.js"
import { parseReport, startSmallDemo } from "./small_demo.js"

const pageBytes = 4096

test("with --json it prints one object with the figures of every worker", async () => {
  const demo = startSmallDemo({ args: ["--json"], workers: 3 })

  const { code, stdout, stderr } = await demo.ended

  assert.is(code, 0, stderr)
  const report = parseReport(stdout)
  assert.is(report.ok, true)
  const ways = report.images.map(({ name, ways }) => [name, ...ways.map(({ way }) => way)])
  assert.equal(ways, [
    ["sqlite", "pagerd", "copy"],
    ["index", "pagerd", "copy", "pread"],
  ])
  for (const { way, workers } of report.images.flatMap(({ ways }) => ways)) {
    assert.is(workers.length, 3, way)
    for (const worker of workers) {
      assert.ok(worker.questions > 0 && worker.first_answer_ms <= worker.all_answers_ms)
      assert.is(isRunning(worker.pid), false)
    }
  }
  assert.is(isRunning(report.manager.pid ?? 0), false)
  assert.equal(demo.leftovers(), [])
  const cached = readdirSync(join(demo.cache, "pagerd-demo")).sort()
  assert.equal(cached, ["index.image", "index.json", "sqlite.image", "sqlite.json"])
})

test("workers on pagerd fault pages in, and no more than the image has", async () => {
  const { stdout } = await startSmallDemo({ args: ["--json"] }).ended

  for (const { name, length_bytes, ways } of parseReport(stdout).images) {
    for (const worker of ways[0]?.workers ?? []) {
      assert.ok((worker.faults ?? 0) > 0, name)
      assert.ok((worker.resident_pages ?? 0) > 0, name)
      assert.ok((worker.resident_pages ?? 0) <= length_bytes / pageBytes, name)
      assert.ok((worker.fault_service_us_p99 ?? 0) > 0, name)
      assert.not.equal(worker.mode, "auto")
    }
  }
})

test("without --json it prints its progress, a table per image and the sums", async () => {
  const demo = startSmallDemo()

  const { code, stdout, stderr } = await demo.ended

  assert.is(code, 0, stderr)
  assert.is(stderr, "")
  assert.match(stdout, /sqlite: filling the database +100 % {2}3,000 rows/)
  assert.match(stdout, /index: writing the image +100 % {2}8\.0 MiB/)
  assert.match(stdout, /curl --unix-socket \S+debug\.sock http:\/\/localhost\/v1\/sessions/)
  assert.match(stdout, /^ {2}median( +[\d,.]+){8}$/m)
  const [sqlite, index] = stdout.trimEnd().split("\n").slice(-2)
  assert.match(sqlite ?? "", /^2 workers on the sqlite image: .* with pagerd, .* copied$/)
  assert.match(
    index ?? "",
    /^2 workers on the index image: .* with pagerd, .* read whole, .* with pread$/,
  )
})

test.run()
