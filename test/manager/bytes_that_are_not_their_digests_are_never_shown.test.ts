import { createHash } from "node:crypto"
import { test } from "uvu"
import * as assert from "uvu/assert"
import type { PageDigests, PageSource } from "../../manager/index.js"
import { patternBytes } from "../harness/pattern.js"
import { FillQuestions, page } from "./fill_questions.js"

const seed = 17
const blockBytes = 4 * page
/** Its last block, and that block's last page, are short. */
const imageBytes = 9 * page + 100

const blockOf = (block: number) => {
  const start = block * blockBytes
  return patternBytes(seed, start, Math.min(blockBytes, imageBytes - start))
}
const digestOf = (block: number) => createHash("sha256").update(blockOf(block)).digest()
const hexOf = (block: number) => digestOf(block).toString("hex")
const inHex = { algorithm: "sha256", blockBytes, of: hexOf }
const inBytes = { algorithm: "sha256", blockBytes, of: digestOf }

/** Answers rightly except for what `spoil` does to its bytes. Attempts are counted from 1. */
function sourceWith(digests: unknown, spoil = (_: Uint8Array, __: number) => {}) {
  const reads: string[] = []
  const source: PageSource = {
    length: imageBytes,
    digests: digests as PageDigests,
    async read(offset, length) {
      reads.push(`${offset / page}+${length / page}`)
      const bytes = patternBytes(seed, offset, length)
      spoil(bytes, reads.length)
      return bytes
    },
  }
  return { source, reads }
}

for (const [form, digests] of Object.entries({ inHex, inBytes })) {
  test(`${form}: right bytes are served, read in whole blocks`, async () => {
    const { source, reads } = sourceWith(digests)
    const questions = new FillQuestions(source)

    const within = questions.ask(5, 1)
    const across = questions.ask(2, 3)
    await questions.untilAnswered(2)

    assert.equal(questions.completed.get(within), patternBytes(seed, 5 * page, page))
    assert.equal(questions.completed.get(across), patternBytes(seed, 2 * page, 3 * page))
    assert.equal(reads, ["0+8"])
  })
}

test("the last block ends with the image", async () => {
  const { source } = sourceWith(inHex)
  const questions = new FillQuestions(source)

  const last = questions.askBytes(9 * page, 100)
  await questions.untilAnswered(1)

  assert.equal(questions.completed.get(last), patternBytes(seed, 9 * page, 100))
})

test("one wrong bit anywhere in a block fails it, and it is asked again", async () => {
  const flip = (bytes: Uint8Array, attempt: number) => {
    if (attempt <= 2) bytes[3 * page + 17] = (bytes[3 * page + 17] ?? 0) ^ 1
  }
  const { source, reads } = sourceWith(inHex, flip)
  const questions = new FillQuestions(source)

  const fill = questions.ask(0, 1)
  await questions.untilAnswered(1)

  assert.equal(questions.completed.get(fill), patternBytes(seed, 0, page))
  assert.is(reads.length, 3)
  assert.match(
    questions.failures[0]?.reason ?? "",
    /wrong bytes: the block at 0 has digest [0-9a-f]/,
  )
})

test("what stays wrong is given up and never shown", async () => {
  const { source, reads } = sourceWith(inHex, (bytes) => bytes.fill(0))
  const questions = new FillQuestions(source)

  const fill = questions.ask(6, 1)
  await questions.untilAnswered(1)

  const wanted = `wanted ${digestOf(1).toString("hex")}`
  assert.match(questions.failed.get(fill) ?? "", new RegExp(`the block at 16384 .*${wanted}`))
  assert.is(questions.completed.size, 0)
  assert.is(reads.length, 3)
})

const illDigests: [string, () => unknown, RegExp][] = [
  ["nothing", () => undefined, /digest of block 0 is undefined, wanted 64 hexadecimal digits/],
  ["too short", () => "ab", /digest of block 0 is a string of 2 characters, wanted 64/],
  ["no digits", () => "g".repeat(64), /digest of block 0 is a string of 64 characters, wanted 64/],
  ["too few bytes", () => new Uint8Array(31), /digest of block 0 is 31 bytes, wanted 64/],
  ["a Promise", () => Promise.resolve(""), /digest of block 0 is a Promise, wanted 64/],
]

for (const [what, of, reason] of illDigests) {
  test(`a digest that is ${what} passes nothing`, async () => {
    const { source } = sourceWith({ algorithm: "sha256", blockBytes, of })
    const questions = new FillQuestions(source, { attemptsMax: 1 })

    const fill = questions.ask(0, 1)
    await questions.untilAnswered(1)

    assert.match(questions.failed.get(fill) ?? "", reason)
  })
}

test.run()
