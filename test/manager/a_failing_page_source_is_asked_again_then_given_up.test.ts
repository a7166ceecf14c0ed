import { test } from "uvu"
import * as assert from "uvu/assert"
import type { PageSource } from "../../manager/index.js"
import { patternBytes } from "../harness/pattern.js"
import { FillQuestions, page } from "./fill_questions.js"

const seed = 5

/** Why a read fails, or undefined when it does not. Attempts are counted from 1. */
type Failing = (offset: number, length: number, attempt: number) => string | undefined

/** Answers rightly except where `fails` says why not. `reads` are all it was asked. */
function sourceThat(fails: Failing) {
  const reads: { offset: number; length: number }[] = []
  const source: PageSource = {
    length: 64 * page,
    async read(offset, length) {
      reads.push({ offset, length })
      const reason = fails(offset, length, reads.length)
      if (reason !== undefined) throw new Error(reason)
      return patternBytes(seed, offset, length)
    },
  }
  return { source, reads }
}

test("two failures and then bytes: the bytes are served", async () => {
  const { source, reads } = sourceThat((_, __, attempt) => (attempt < 3 ? "not yet" : undefined))
  const questions = new FillQuestions(source)

  const fill = questions.ask(3, 1)
  await questions.untilAnswered(1)

  assert.equal(questions.completed.get(fill), patternBytes(seed, 3 * page, page))
  assert.is(reads.length, 3)
  assert.equal(
    questions.failures.map(({ reason, isFinal }) => ({ reason, isFinal })),
    [
      { reason: "not yet", isFinal: false },
      { reason: "not yet", isFinal: false },
    ],
  )
})

test("as many failures as there may be attempts: given up, for its own reason", async () => {
  const { source, reads } = sourceThat(() => "the bucket is gone")
  const questions = new FillQuestions(source)

  const fill = questions.ask(0, 1)
  await questions.untilAnswered(1)

  assert.is(questions.failed.get(fill), "the bucket is gone")
  assert.is(questions.completed.size, 0)
  assert.is(reads.length, 3)
  assert.is(questions.failures.at(-1)?.isFinal, true)
})

test("a range that cannot be had costs none of its neighbours", async () => {
  const isBad = (offset: number, length: number) =>
    offset <= 11 * page && offset + length > 11 * page
  const { source } = sourceThat((offset, length) => (isBad(offset, length) ? "bad" : undefined))
  const questions = new FillQuestions(source, { attemptsMax: 1 })

  const fills = [10, 11, 12].map((first) => questions.ask(first, 1))
  await questions.untilAnswered(3)

  assert.equal([...questions.failed.keys()], [fills[1]])
  assert.equal([...questions.completed.keys()].sort(), [fills[0], fills[2]])
})

test("a range that threads wait for is tried once, and its pages are asked for then", async () => {
  const { source, reads } = sourceThat(() => "some page of it is bad")
  const questions = new FillQuestions(source)

  const range = questions.ask(0, 16)
  await questions.untilAnswered(1)

  assert.is(reads.length, 1)
  assert.is(questions.attempts.get(range), 1)
  assert.is(questions.failures[0]?.isFinal, false)
})

test("attempts at a page are those at its range too", async () => {
  const { source, reads } = sourceThat(() => "bad")
  const questions = new FillQuestions(source)

  const alone = questions.ask(5, 1, true, 1)
  const wished = questions.ask(0, 16, false)
  const last = questions.ask(20, 1, true, 3)
  await questions.untilAnswered(3)

  const readsOf = (offset: number) => reads.filter((read) => read.offset === offset * page).length
  assert.equal([readsOf(5), readsOf(0), readsOf(20)], [2, 3, 1])
  const attempts = [alone, wished, last].map((fill) => questions.attempts.get(fill))
  assert.equal(attempts, [3, 3, 4])
})

test("a read that is never answered has failed at its deadline, and hears of it", async () => {
  let signal: AbortSignal | undefined
  const read = (_: number, __: number, given: AbortSignal) => {
    signal = given
    return new Promise<Uint8Array>(() => {})
  }
  const limits = { attemptsMax: 1, readTimeoutMs: 20 }
  const questions = new FillQuestions({ length: page, read }, limits)

  const fill = questions.ask(0, 1)
  await questions.untilAnswered(1)

  assert.is(questions.failed.get(fill), "it has not answered within 20 ms")
  assert.ok(signal?.aborted)
})

test.run()
