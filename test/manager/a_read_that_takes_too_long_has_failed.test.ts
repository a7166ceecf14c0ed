import { test } from "uvu"
import * as assert from "uvu/assert"
import { GatedSource } from "../harness/gated_source.js"
import { patternBytes } from "../harness/pattern.js"
import { retryUntil } from "../harness/retry.js"
import { FillQuestions, page } from "./fill_questions.js"

const eventLoopTurn = () => new Promise(setImmediate)

test("it hears of that, and is asked again", async () => {
  const source = new GatedSource(64 * page, 3)
  const questions = new FillQuestions(source, { readTimeoutMs: 20 })

  const fill = questions.ask(5, 1)
  const late = await source.nextRead()
  const second = await source.nextRead()
  assert.ok(late.signal.aborted)
  second.release()
  await questions.untilAnswered(1)

  assert.equal(questions.completed.get(fill), patternBytes(3, 5 * page, page))
  assert.is(questions.failures[0]?.reason, "it has not answered within 20 ms")
})

test("what it answers after that is dropped, right or wrong", async () => {
  const source = new GatedSource(64 * page, 3)
  const questions = new FillQuestions(source, { readTimeoutMs: 20, attemptsMax: 1 })

  const fill = questions.ask(5, 1)
  const late = await source.nextRead()
  await questions.untilAnswered(1)
  late.release()
  await eventLoopTurn()

  assert.is(questions.failed.get(fill), "it has not answered within 20 ms")
  assert.is(questions.completed.size, 0)
})

test("all attempts at a range together have a deadline, whatever the pauses", async () => {
  const read = async () => Promise.reject(new Error("not now"))
  const limits = { attemptsMax: 100, backoffMs: 60_000, backoffMaxMs: 60_000, deadlineMs: 30 }
  const questions = new FillQuestions({ length: 64 * page, read }, limits)

  const fill = questions.ask(0, 1)
  await questions.untilAnswered(1)

  const wanted = "it had no answer within 30 ms; the last failure: not now"
  assert.is(questions.failed.get(fill), wanted)
})

test("a read for fills past their deadline is told to end, and answers nobody", async () => {
  const source = new GatedSource(64 * page, 3)
  const questions = new FillQuestions(source, { deadlineMs: 30 })

  const fill = questions.ask(0, 1)
  const read = await source.nextRead()
  await questions.untilAnswered(1)
  assert.ok(read.signal.aborted)
  read.release()
  await eventLoopTurn()

  assert.is(questions.failed.get(fill), "it had no answer within 30 ms")
  assert.is(questions.completed.size, 0)
})

test("bytes that come late for one of two are the other's alone", async () => {
  const source = new GatedSource(64 * page, 3)
  const questions = new FillQuestions(source, { deadlineMs: 400, readsInFlightMax: 1 })
  const askedMs = performance.now()
  questions.ask(20, 1)
  const first = await source.nextRead()

  const early = questions.ask(0, 1)
  await retryUntil("half the time", 5_000, () => performance.now() - askedMs > 200)
  const later = questions.ask(1, 1)
  first.release()
  const both = await source.nextRead()
  await retryUntil("the first one's end", 5_000, () => questions.failed.has(early))
  both.release()
  await questions.untilAnswered(3)

  assert.is(both.length, 2 * page)
  assert.equal(questions.completed.get(later), patternBytes(3, page, page))
  assert.not(questions.completed.has(early))
})

test("a source that goes on with what it was told to end is asked no more", async () => {
  const source = new GatedSource(64 * page, 3)
  const limits = { readTimeoutMs: 10, attemptsMax: 100, abandonedReadsMax: 3, backoffMaxMs: 1 }
  const questions = new FillQuestions(source, limits)

  const wanted = questions.ask(0, 1)
  const abandoned = [await source.nextRead(), await source.nextRead(), await source.nextRead()]
  await retryUntil("stuck", 5_000, () => questions.queue.health().readsAbandoned === 3)
  const wished = questions.ask(20, 1, false)
  await questions.untilAnswered(1)
  assert.match(questions.failed.get(wished) ?? "", /left alone for now: it has not answered/)
  assert.is(questions.queue.health().state, "open")
  assert.match(questions.changes.at(-1)?.reason ?? "", /^3 reads that it was told to end go on/)
  assert.is(source.reads.length, 3)

  abandoned[0]?.release()
  ;(await source.nextRead()).release()
  await questions.untilAnswered(2)

  assert.equal(questions.completed.get(wanted), patternBytes(3, 0, page))
  assert.is(questions.queue.health().readsAbandoned, 2)
})

test.run()
