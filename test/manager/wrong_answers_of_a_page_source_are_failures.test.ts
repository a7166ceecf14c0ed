import { test } from "uvu"
import * as assert from "uvu/assert"
import type { PageSource } from "../../manager/index.js"
import { FillQuestions, page } from "./fill_questions.js"

/** Fails in every way that a value can be looked at. */
const unspeakable = new Proxy(Object.create(null), {
  get: () => {
    throw new Error("not even this")
  },
  getPrototypeOf: () => {
    throw new Error("nor that")
  },
})

class Unreadable extends Error {
  override get message(): string {
    throw new Error("this message is code")
  }
}

async function reasonFor(read: () => unknown): Promise<string> {
  const source = { length: page, read: read as PageSource["read"] }
  const questions = new FillQuestions(source, { attemptsMax: 1 })
  const fill = questions.ask(0, 1)
  await questions.untilAnswered(1)
  assert.is(questions.completed.size, 0)
  return questions.failed.get(fill) ?? "it was served"
}

const answers: [string, unknown, RegExp][] = [
  ["too few bytes", new Uint8Array(page - 1), /answered with 4095 bytes, wanted 4096/],
  ["too many bytes", new Uint8Array(page + 1), /answered with 4097 bytes, wanted 4096/],
  ["nothing", undefined, /answered with undefined, wanted a Uint8Array/],
  ["null", null, /answered with null, wanted a Uint8Array/],
  ["text", "0".repeat(page), /answered with a string of 4096 characters, wanted a Uint8Array/],
  ["an ArrayBuffer", new ArrayBuffer(page), /answered with a ArrayBuffer, wanted a Uint8Array/],
  ["other elements", new Uint16Array(page / 2), /answered with a Uint16Array, wanted a Uint8Array/],
  ["a number", page, /answered with the number 4096, wanted a Uint8Array/],
  ["what only looks like bytes", Object.create(Uint8Array.prototype), /./],
  ["what cannot be looked at", [unspeakable], /answered with a Array, wanted a Uint8Array/],
]

for (const [what, answer, reason] of answers) {
  test(`${what} in place of the bytes is a failure, never content`, async () => {
    assert.match(await reasonFor(async () => answer), reason)
    assert.match(await reasonFor(() => answer), reason)
  })
}

const thrown: [string, unknown, string][] = [
  ["null", null, "it failed with null, wanted an Error that says why"],
  ["nothing", undefined, "it failed with undefined, wanted an Error that says why"],
  ["text", "gone", "it failed with a string of 4 characters, wanted an Error that says why"],
  ["a symbol", Symbol("gone"), "it failed with a symbol, wanted an Error that says why"],
  ["an object", Object.create(null), "it failed with an object, wanted an Error that says why"],
  ["a Proxy", unspeakable, "it failed with an object, wanted an Error that says why"],
  ["silence", new Error(), "it failed with a Error, wanted an Error that says why"],
  ["code", new Unreadable(), "it failed with a Unreadable, wanted an Error that says why"],
  ["an Error", new TypeError("the bucket is gone"), "the bucket is gone"],
  ["a novel", new Error("x".repeat(1e6)), `${"x".repeat(500)}...`],
]

for (const [what, value, reason] of thrown) {
  test(`throwing ${what}, at once or later, is a failure that is put in words`, async () => {
    const throwValue = () => {
      throw value
    }

    assert.is(await reasonFor(throwValue), reason)
    assert.is(await reasonFor(() => Promise.reject(value)), reason)
  })
}

test("bytes that are taken away as soon as they were given are a failure", async () => {
  const bytes = new Uint8Array(page).fill(7)
  const take = () => structuredClone(bytes, { transfer: [bytes.buffer] })

  const reason = await reasonFor(() => {
    queueMicrotask(take)
    return Promise.resolve(bytes)
  })

  assert.is(reason, "it answered with 0 bytes, wanted 4096")
})

test.run()
