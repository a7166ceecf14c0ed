import { test } from "uvu"
import * as assert from "uvu/assert"
import { GatedSource } from "../harness/gated_source.js"
import { patternBytes } from "../harness/pattern.js"
import { FillQuestions, page } from "./fill_questions.js"

const seed = 9
const newSource = () => new GatedSource(1024 * page, seed)

test("in whatever order they come, and each gets its own bytes", async () => {
  const source = newSource()
  const questions = new FillQuestions(source)

  const middle = questions.ask(10, 2)
  const above = questions.ask(12, 4)
  const below = questions.ask(9, 1)
  const elsewhere = questions.ask(20, 1)
  source.open()
  await questions.untilAnswered(4)

  assert.equal(source.reads, [
    { offset: 9 * page, length: 7 * page },
    { offset: 20 * page, length: page },
  ])
  assert.equal(questions.completed.get(middle), patternBytes(seed, 10 * page, 2 * page))
  assert.equal(questions.completed.get(above), patternBytes(seed, 12 * page, 4 * page))
  assert.equal(questions.completed.get(below), patternBytes(seed, 9 * page, page))
  assert.equal(questions.completed.get(elsewhere), patternBytes(seed, 20 * page, page))
})

test("up to readBytesMax", async () => {
  const source = newSource()
  const questions = new FillQuestions(source, { readBytesMax: 4 * page })

  for (let first = 0; first < 10; first += 2) questions.ask(first, 2)
  source.open()
  await questions.untilAnswered(5)

  const lengths = source.reads.map(({ length }) => length / page)
  assert.equal(lengths, [4, 4, 2])
})

test("demand is not made to wait for bulk beside it", async () => {
  const source = newSource()
  const questions = new FillQuestions(source)

  questions.ask(0, 16, false)
  questions.ask(16, 1, true)
  source.open()
  await questions.untilAnswered(2)

  assert.equal(source.reads, [
    { offset: 16 * page, length: page },
    { offset: 0, length: 16 * page },
  ])
})

test.run()
