import { join } from "node:path"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { writeLayer } from "../harness/layer_files.js"
import { patternFile } from "../harness/pattern.js"
import { scratchDirectory } from "../harness/scratch.js"
import { serveInTest } from "./serving.js"

const page = 4096
const directory = scratchDirectory()

test("a newer layer that hides all beneath it is a warning with its path", async () => {
  const base = patternFile(64 * page, 1)
  const dense = patternFile(64 * page, 2, { path: join(directory, "dense.mem") })
  const { path: sparse } = writeLayer({ pages: 64, seed: 3, written: [[0, 60]] }, directory)

  const manager = await serveInTest({
    images: { hidden: [base, sparse, dense], layered: [base, sparse], alone: dense },
  })
  await manager.close()

  const warnings = manager.logLines.filter(({ msg }) => /has no holes/.test(String(msg)))
  assert.is(warnings.length, 1)
  assert.is(warnings[0]?.image, "hidden")
  assert.equal(warnings[0]?.layers, [dense])
})

test.run()
