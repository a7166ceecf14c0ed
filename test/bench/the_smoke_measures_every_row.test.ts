// time limit: 180 s
// runs alone
import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { repository } from "../harness/repository.js"
import { scratchDirectory } from "../harness/scratch.js"
import { skipLoudly } from "../harness/skip.js"
import { allRows } from "./rows/all.js"
import { backends } from "./vms/backends.js"
import type { RestoreLine } from "./vms/restores.js"
import { vmRows } from "./vms/rows.js"

interface Report {
  readonly isSmoke: boolean
  readonly broken: readonly object[]
  readonly placements: readonly { name: string; latencies: object }[]
  readonly memory: readonly { pssBytes: number }[]
  readonly instances: readonly { bytes: number; ways: readonly object[] }[]
  readonly vms: readonly RestoreLine[]
  readonly rows: readonly { name: string; ours: number; reference: number; value: number }[]
}

function checkRestores({ backend, figures, leftOut }: RestoreLine): void {
  if (figures === undefined) throw new Error(`${backend} was left out: ${leftOut}`)
  assert.is(figures.wrong, 0, backend)
  for (const figure of [figures.firstMs, figures.quarterMs, figures.p99Us, figures.timesFaster]) {
    assert.ok(Number.isFinite(figure) && figure > 0, `${backend}: ${figure}`)
  }
}

test("every row, and every placement, has a figure", () => {
  if (process.getuid?.() !== 0) return skipLoudly("root", "the C references run as root")
  const file = join(scratchDirectory(), "bench.json")

  const bench = join(repository, "dist/test/bench/main.js")
  execFileSync(process.execPath, [bench, "--smoke", "--json", file], { stdio: "inherit" })

  const report = JSON.parse(readFileSync(file, "utf8")) as Report
  assert.is(report.isSmoke, true)
  assert.equal(report.broken, [])
  assert.equal(
    report.rows.map(({ name }) => name),
    [...allRows, ...vmRows].map(({ name }) => name),
  )
  for (const { name, ours, reference, value } of report.rows) {
    for (const figure of [ours, reference, value]) {
      assert.ok(Number.isFinite(figure) && figure > 0, `${name}: ${figure}`)
    }
  }
  const size = [1, 4].map((mebibytes) => ({ bytes: mebibytes * 1024 * 1024, ways: 5 }))
  assert.equal(
    report.instances.map(({ bytes, ways }) => ({ bytes, ways: ways.length })),
    size,
  )
  assert.equal(
    report.vms.map(({ backend }) => backend),
    backends.map(({ name }) => name),
  )
  for (const line of report.vms) checkRestores(line)
  assert.is(report.memory.length, 9)
  for (const { pssBytes } of report.memory) assert.ok(pssBytes > 0)
  assert.equal(
    report.placements.map(({ name }) => name),
    ["eventfd_round_trip", "floor", "epoll_single", "pagerd"],
  )
})

test.run()
