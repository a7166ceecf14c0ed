import { test } from "uvu"
import * as assert from "uvu/assert"
import { startManager } from "../harness/manager.js"
import { patternFile } from "../harness/pattern.js"
import { retryUntil } from "../harness/retry.js"
import { endRun, page, setOf, startRun } from "./runs.js"

const pages = 1024
const budgetMs = 10_000

test("the window ends after its time, while the client goes on", async () => {
  const images = { vm: patternFile(pages * page, 191) }
  const config = '[working_sets]\nimages = ["vm"]\nwindow_ms = 300\n'
  const manager = await startManager({ images, config })
  const { client, region } = await startRun(manager, "vm")
  await client.touch(region, 0, 10 * page)

  const early = await retryUntil("a working set", budgetMs, () => setOf(manager, "vm"))
  await client.touch(region, 100 * page, 10 * page)
  await endRun(manager, client)

  assert.is(early.pages, 10)
  assert.is((await setOf(manager, "vm"))?.pages, 10)
  await manager.stop()
})

test("it holds no more than its bytes", async () => {
  const images = { vm: patternFile(pages * page, 191) }
  const config = `[working_sets]\nimages = "all"\nbytes_max = ${50 * page}\n`
  const manager = await startManager({ images, config })
  const { client, region } = await startRun(manager, "vm")
  await client.touch(region, 0, pages * page)
  await endRun(manager, client)

  assert.is((await setOf(manager, "vm"))?.pages, 50)
  await manager.stop()
})

test.run()
