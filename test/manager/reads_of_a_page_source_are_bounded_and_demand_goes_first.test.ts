import { test } from "uvu"
import * as assert from "uvu/assert"
import { GatedSource } from "../harness/gated_source.js"
import { retryUntil } from "../harness/retry.js"
import { FillQuestions, page } from "./fill_questions.js"

const readsInFlightMax = 4

test("so many at once and no more, bulk never in all places", async () => {
  const source = new GatedSource(4096 * page, 1)
  const questions = new FillQuestions(source, { readsInFlightMax })
  const isBulk = false

  for (let first = 0; first < 20; first += 2) questions.ask(first, 1, isBulk)
  await source.nextRead()
  const heldBulk = await source.nextRead()
  await source.nextRead()
  assert.is(source.reads.length, 3, "one place is kept for demand")

  questions.ask(100, 1)
  questions.ask(102, 1)
  const demand = await source.nextRead()
  assert.is(demand.offset, 100 * page)
  assert.is(source.reads.length, readsInFlightMax)

  heldBulk.release()
  const next = await source.nextRead()
  assert.is(next.offset, 102 * page, "the second demand goes ahead of the bulk that waited longer")
  questions.queue.close()
})

test("a pause before the next attempt takes no place", async () => {
  const source = new GatedSource(64 * page, 1)
  const questions = new FillQuestions(source, { readsInFlightMax: 1, backoffMs: 60_000 })

  questions.ask(0, 1)
  const first = await source.nextRead()
  questions.ask(8, 1)
  first.fail(new Error("not now"))

  const second = await source.nextRead()
  assert.is(second.offset, 8 * page)
  second.release()
  await retryUntil("the answer", 5_000, () => questions.completed.size === 1)
  questions.queue.close()
})

test.run()
