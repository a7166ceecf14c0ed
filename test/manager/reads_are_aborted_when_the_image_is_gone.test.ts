import { test } from "uvu"
import * as assert from "uvu/assert"
import { GatedSource } from "../harness/gated_source.js"
import { retryUntil } from "../harness/retry.js"
import { FillQuestions, page } from "./fill_questions.js"
import { openUserfaultfd, registeredMemory } from "./own_memory.js"
import { RawClient } from "./raw_client.js"
import { serveInTest } from "./serving.js"

const lengthBytes = 64 * page
const range = { offset_bytes: 0, length_bytes: lengthBytes }

test("the source hears of it, and what waited is not read any more", async () => {
  const source = new GatedSource(lengthBytes, 1)
  const questions = new FillQuestions(source, { readsInFlightMax: 1 })
  const fills = [questions.ask(0, 1), questions.ask(8, 1)]
  const read = await source.nextRead()

  questions.queue.close()
  fills.push(questions.ask(16, 1))
  read.release()
  await new Promise(setImmediate)

  assert.match(String(read.signal.reason), /the image is gone/)
  assert.is(source.reads.length, 1)
  assert.is(questions.completed.size, 0)
  assert.equal([...questions.failed.keys()], fills, "the engine is owed no answer")
})

test("not while a region maps it, though it has lost its name, and then at once", async () => {
  const source = new GatedSource(lengthBytes, 1)
  const manager = await serveInTest({ images: { lazy: source } })
  const client = new RawClient(manager.socket)
  await client.greet()
  const userfaultfd = openUserfaultfd()
  const address = registeredMemory(userfaultfd, lengthBytes)
  const map = { type: "map", image: "lazy", mode: "copy", address, window_bytes: 0, ...range }
  client.request(map, [userfaultfd])
  await client.next("mapped")
  client.request({ type: "prefault", region: 1, ...range })
  const read = await source.nextRead()

  manager.inspect.removeImage("lazy")
  client.request({ type: "image", image: "lazy" })
  await client.nextError("unknown_image")
  assert.not(read.signal.aborted)

  client.close()
  await retryUntil("the abort", 5_000, () => read.signal.aborted)
  assert.equal(manager.inspect.images(), [])
  await manager.close()
})

test.run()
