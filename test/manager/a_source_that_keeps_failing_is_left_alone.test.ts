import { test } from "uvu"
import * as assert from "uvu/assert"
import { GatedSource, type HeldRead } from "../harness/gated_source.js"
import { patternBytes } from "../harness/pattern.js"
import { retryUntil } from "../harness/retry.js"
import { type Differing, FillQuestions, page } from "./fill_questions.js"

const seed = 23
const down = new Error("the store is down")
const limits = { attemptsMax: 100, breakerFailures: 3, breakerOpenMs: 50, backoffMs: 0 }
const states = ({ changes }: FillQuestions) => changes.map(({ state }) => state)

/** One fill whose reads have failed so often that the source is left alone. */
async function afterFailures(differing: Differing = {}) {
  const source = new GatedSource(1024 * page, seed)
  const questions = new FillQuestions(source, { ...limits, ...differing })
  const first = questions.ask(0, 1)
  for (let failure = 1; failure <= limits.breakerFailures; failure++) {
    const read = await source.nextRead()
    read.fail(down)
  }
  await retryUntil("open", 5_000, () => questions.queue.health().state === "open")
  return { source, questions, first }
}

async function failNext(source: GatedSource): Promise<HeldRead> {
  const read = await source.nextRead()
  read.fail(down)
  return read
}

test("demand waits for one read that finds out, and all is served once it answers", async () => {
  const { source, questions, first } = await afterFailures()
  const others = [questions.ask(20, 1), questions.ask(40, 1)]

  const probe = await source.nextRead()
  await new Promise(setImmediate)
  assert.is(source.reads.length, limits.breakerFailures + 1, "one and no more")
  assert.is(questions.failed.size, 0)
  probe.release()
  source.open()
  await questions.untilAnswered(3)

  for (const [index, fill] of [first, ...others].entries()) {
    const wanted = patternBytes(seed, index * 20 * page, page)
    assert.equal(questions.completed.get(fill), wanted)
  }
  assert.equal(states(questions), ["failing", "open", "ok"])
  assert.match(questions.changes[1]?.reason ?? "", /the store is down/)
})

test("a read that fails when it should find out costs one attempt of one fill", async () => {
  const { source, questions } = await afterFailures({ attemptsMax: 4 })
  const patient = questions.ask(20, 1)

  const probes = [await failNext(source), await failNext(source), await failNext(source)]
  await retryUntil("the end of one", 5_000, () => questions.failed.size === 1)
  source.open()
  await questions.untilAnswered(2)

  assert.ok(
    probes.some(({ offset }) => offset === 20 * page),
    "they take turns",
  )
  assert.equal([...questions.failed.values()], ["the store is down"])
  assert.equal(questions.completed.get(patient), patternBytes(seed, 20 * page, page))
  assert.is(questions.queue.health().opened, 1)
})

test("demand waits to its own deadline, and is given up then", async () => {
  const { questions, first } = await afterFailures({ deadlineMs: 400, breakerOpenMs: 60_000 })

  await questions.untilAnswered(1)

  const reason = "it had no answer within 400 ms; the last failure: the store is down"
  assert.is(questions.failed.get(first), reason)
  questions.queue.close()
})

test("bulk fails at once: nobody is blocked on it", async () => {
  const { source, questions } = await afterFailures({ breakerOpenMs: 60_000 })

  const wished = questions.ask(20, 4, false)
  await questions.untilAnswered(1)

  const reason = "its page source is left alone for now: the store is down"
  assert.is(questions.failed.get(wished), reason)
  assert.is(source.reads.length, limits.breakerFailures)
  questions.queue.close()
})

test("when nobody waits, the next that comes finds out, bulk or not", async () => {
  const { source, questions, first } = await afterFailures({ attemptsMax: 3, breakerOpenMs: 1 })
  assert.ok(questions.failed.has(first))

  await retryUntil("a read that finds out", 5_000, () => {
    questions.ask(20, 4, false)
    return source.reads.length > limits.breakerFailures
  })
  ;(await source.nextRead()).release()

  await retryUntil("the answer", 5_000, () => questions.completed.size === 1)
  assert.is(questions.queue.health().state, "ok")
  questions.queue.close()
})

test("bulk that comes while a read finds out is told by that read", async () => {
  const { source, questions, first } = await afterFailures()
  const probe = await source.nextRead()
  const wished = questions.ask(20, 4, false)
  await new Promise(setImmediate)
  assert.is(questions.failed.size, 0)

  probe.release()
  source.open()
  await questions.untilAnswered(2)

  assert.ok(questions.completed.has(first))
  assert.equal(questions.completed.get(wished), patternBytes(seed, 20 * page, 4 * page))
})

test("one success between failures: it is never left alone", async () => {
  const source = new GatedSource(1024 * page, seed)
  const questions = new FillQuestions(source, limits)

  for (let round = 0; round < 4; round++) {
    questions.ask(round * 20, 1)
    await failNext(source)
    await failNext(source)
    ;(await source.nextRead()).release()
    await questions.untilAnswered(round + 1)
  }

  assert.is(questions.queue.health().opened, 0)
  assert.is(questions.completed.size, 4)
})

test.run()
