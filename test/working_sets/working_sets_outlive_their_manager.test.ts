import { appendFileSync } from "node:fs"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { startManager } from "../harness/manager.js"
import { patternFile } from "../harness/pattern.js"
import { scratchDirectory } from "../harness/scratch.js"
import { awaitReplays, endRun, faultsOf, page, run, setOf, startRun } from "./runs.js"

const pages = 512

test("a manager after kill -9 replays what was recorded before it, for the same file", async () => {
  const vm = patternFile(pages * page, 179)
  const directory = scratchDirectory()
  const options = { images: { vm }, args: ["--working-sets", "vm"], directory }
  const first = await startManager(options)
  await run(first, "vm", [8, 72])
  await first.kill()

  const second = await startManager(options)
  const { client, region } = await startRun(second, "vm")
  await awaitReplays(second, "vm", 1)
  await client.touch(region, 8 * page, 64 * page)
  assert.is(await faultsOf(second, client), 0)
  assert.is(await client.verify(region, 179, 0, pages * page), -1)
  await endRun(second, client)
  await second.kill()

  appendFileSync(vm, Buffer.alloc(page))
  const third = await startManager(options)
  assert.is((await setOf(third, "vm"))?.state, "unused")
  await run(third, "vm", [100, 104])
  const set = await setOf(third, "vm")
  assert.is(set?.state, "on")
  assert.is(set?.pages, 4)
  assert.is(set?.replays, 0)
  await third.stop()
})

test.run()
