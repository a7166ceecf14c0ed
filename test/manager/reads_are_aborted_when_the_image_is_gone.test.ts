import { test } from "uvu"
import * as assert from "uvu/assert"
import { GatedSource } from "../harness/gated_source.js"
import { retryUntil } from "../harness/retry.js"
import { FillQuestions, page } from "./fill_questions.js"
import { serveInTest } from "./serving.js"

test("the source hears of it, and the engine of nothing", async () => {
  const source = new GatedSource(64 * page, 1)
  const questions = new FillQuestions(source, { readsInFlightMax: 1 })
  questions.ask(0, 1)
  questions.ask(8, 1)
  const read = await source.nextRead()

  questions.queue.close()
  read.release()
  await new Promise(setImmediate)

  assert.ok(read.signal.aborted)
  assert.match(String(read.signal.reason), /the image is gone/)
  assert.is(questions.completed.size + questions.failed.size, 0)
  assert.is(source.reads.length, 1, "what waited is not read any more")
})

test("an image that lost its name is gone once nothing maps it", async () => {
  const manager = await serveInTest({ images: { lazy: new GatedSource(64 * page, 1) } })

  manager.inspect.removeImage("lazy")

  assert.equal(manager.inspect.images(), [])
  const again = await manager.inspect.addImage("lazy", process.execPath)
  assert.is(again.source, process.execPath)
  await retryUntil("one image", 5_000, () => manager.inspect.stats().images === 1)
  await manager.close()
})

test.run()
