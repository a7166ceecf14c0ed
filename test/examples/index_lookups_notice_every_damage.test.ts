import { test } from "uvu"
import * as assert from "uvu/assert"
import {
  headerWords,
  type IndexShape,
  indexShape,
  keyOf,
  pageWords,
  sealPage,
} from "../../examples/demo/images/index_format.js"
import { indexRecipe } from "../../examples/demo/images/index_image.js"
import { checkLookup, randomQuestion } from "../../examples/demo/images/index_lookup.js"
import { RandomNumbers } from "../../examples/demo/images/random_numbers.js"
import { silentProgress } from "./silent_progress.js"

const lengthMib = 5

async function buildIndex(): Promise<{ shape: IndexShape; words: Uint32Array }> {
  const recipe = indexRecipe(lengthMib)
  const { lengthBytes, chunks } = await recipe.build(silentProgress(), new AbortController().signal)
  const bytes = Buffer.alloc(lengthBytes)
  let written = 0
  for (const chunk of chunks) {
    bytes.set(chunk, written)
    written += chunk.length
  }
  assert.is(written, lengthBytes)
  return { shape: indexShape(lengthBytes), words: new Uint32Array(Uint8Array.from(bytes).buffer) }
}

const { shape, words } = await buildIndex()
const pageOf = (number: number): Uint32Array =>
  words.subarray(number * pageWords, (number + 1) * pageWords)
const look = (key: number, isPresent: boolean): void =>
  checkLookup(shape, pageOf, { key, isPresent })

test("every record is found, and the keys beside it are not", () => {
  assert.is(shape.fences, 2)

  for (let record = 0; record < shape.records; record++) {
    const key = keyOf(shape, record)
    look(key, true)
    if (key > record * shape.step) look(key - 1, false)
  }

  assert.throws(() => look(keyOf(shape, 7), false), "is in the index")
  assert.throws(() => look(keyOf(shape, 7) + 1, true), "is not in the index")
})

test("random questions ask for present and for absent keys, the same for the same seed", () => {
  const ask = (seed: number) => {
    const random = new RandomNumbers(seed)
    return Array.from({ length: 2_000 }, () => randomQuestion(shape, random))
  }

  const questions = ask(1)

  for (const { key, isPresent } of questions) look(key, isPresent)
  const absent = questions.filter(({ isPresent }) => !isPresent).length
  assert.ok(absent > 150 && absent < 350, `${absent} of 2,000 are absent`)
  assert.equal(questions, ask(1))
  assert.not.equal(questions, ask(2))
})

test("a page with one changed bit is damaged, wherever the bit is", () => {
  const leaf = pageOf(1 + shape.fences)
  const key = leaf[headerWords] as number

  for (let word = 0; word < pageWords; word++) {
    const whole = leaf[word] as number
    leaf[word] = (whole ^ (1 << (word % 32))) >>> 0
    assert.throws(() => look(key, true), /Index page 3 (is damaged|begins with)/, `word ${word}`)
    leaf[word] = whole
  }
  look(key, true)
})

test("a page of zeros, and another page in its place, are noticed", () => {
  const leaf = pageOf(1 + shape.fences)
  const whole = leaf.slice()
  const key = whole[headerWords] as number

  leaf.fill(0)
  assert.throws(() => look(key, true), "it is another page")
  leaf.set(pageOf(2 + shape.fences))
  assert.throws(() => look(key, true), "it is another page")
  leaf.set(whole)
  look(key, true)
})

test("a record whose value is not the one of its key is noticed, checksum or not", () => {
  const number = 1 + shape.fences
  const leaf = pageOf(number)
  const whole = leaf.slice()
  const key = whole[headerWords] as number

  leaf[headerWords + 2] = (whole[headerWords + 2] as number) + 1
  sealPage(leaf, number, whole[2] as number)

  assert.throws(() => look(key, true), `Key ${key}: word 2`)
  leaf.set(whole)
})

test.run()
