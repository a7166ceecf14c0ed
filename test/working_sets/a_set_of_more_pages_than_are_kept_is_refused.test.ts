import { truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "uvu"
import * as assert from "uvu/assert"
import type { WorkingSetView } from "../../manager/view.js"
import { encodeSet } from "../../manager/working_sets/format.js"
import { startManager } from "../harness/manager.js"
import { scratchDirectory } from "../harness/scratch.js"

const page = 4096
/** Sixteen mebibytes of pages at most are replayed, and twice as many kept. */
const pagesKept = 2 * 4096
const config = `[working_sets]\nimages = "all"\nbytes_max = ${4096 * page}\n`
const imagePages = 2 ** 28

/** A terabyte of nothing. */
function sparseImage(): string {
  const path = join(scratchDirectory(), "vm.mem")
  writeFileSync(path, "")
  truncateSync(path, imagePages * page)
  return path
}

/** A file that somebody made: one range of so many pages. */
const fileOf = (pages: number) =>
  encodeSet({
    ...{ image: "vm", key: "a".repeat(32), lengthBytes: imagePages * page, pageBytes: page },
    ...{ runs: 1, hitRatio: null, recordedAt: "2026-01-02T03:04:05.000Z" },
    ranges: [{ first: 0, pages, score: 1, rank: 0 }],
  })

test("it is told what was wanted, and nobody works out what it would be", async () => {
  const manager = await startManager({ images: { vm: sparseImage() }, config })
  const take = (pages: number) => manager.debug.ask("POST", "/v1/working_sets/vm", fileOf(pages))

  const huge = await take(imagePages)
  const above = await take(pagesKept + 1)
  const most = await take(pagesKept)

  assert.equal([huge.status, above.status, most.status], [422, 422, 200])
  assert.match(huge.text, /It has 268435456 pages, wanted at most 8192, by working_sets.bytes_max/)
  assert.is((JSON.parse(most.text) as WorkingSetView).pages, 4096)
  await manager.stop()
})

test.run()
