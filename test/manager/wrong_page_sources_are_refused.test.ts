import { test } from "uvu"
import * as assert from "uvu/assert"
import { checkPageSource } from "../../manager/images/page_source.js"
import type { PageSource } from "../../manager/index.js"

const read = async () => new Uint8Array()
const of = () => ""
const algorithm = "sha256"
const refusalOf = (facts: object) => {
  try {
    checkPageSource("model", { length: 4096, read, ...facts } as PageSource)
    return "it was taken"
  } catch (error) {
    return String(error).replace(/^.*Cannot take page source "model" as an image: /, "")
  }
}

const lengths: [unknown, string][] = [
  [0, "its length is 0, wanted a whole number above 0"],
  [-1, "its length is -1, wanted a whole number above 0"],
  [1.5, "its length is 1.5, wanted a whole number above 0"],
  [2 ** 53, "its length is 9007199254740992, wanted a whole number above 0"],
  [Number.NaN, "its length is NaN, wanted a whole number above 0"],
  ["4096", "its length is a string of 4 characters, wanted a whole number above 0"],
]
for (const [length, refusal] of lengths) {
  test(`a length of ${String(length)}`, () => assert.is(refusalOf({ length }), refusal))
}

const identities: [unknown, string][] = [
  [7, "its identity is the number 7, wanted a string of 1 to 512 characters"],
  [null, "its identity is null, wanted a string of 1 to 512 characters"],
  ["", "its identity has 0 characters, wanted a string of 1 to 512 characters"],
  ["x".repeat(513), "its identity has 513 characters, wanted a string of 1 to 512 characters"],
  ["x".repeat(512), "it was taken"],
  [undefined, "it was taken"],
]
for (const [identity, refusal] of identities) {
  test(`an identity: ${refusal}`, () => assert.is(refusalOf({ identity }), refusal))
}

const wantedSize = "wanted a power of two from 4096 to 16777216"
const digests: [unknown, string][] = [
  [null, "its digests are null, wanted { algorithm, blockBytes, of }"],
  [[], 'the algorithm of its digests is undefined, wanted "sha256"'],
  [
    { algorithm: "md5", blockBytes: 4096, of },
    'the algorithm of its digests is "md5", wanted "sha256"',
  ],
  [{ algorithm, blockBytes: 4096 }, "its digests.of is undefined, wanted a function"],
  [{ algorithm, of }, `its digests.blockBytes is undefined, ${wantedSize}`],
  [{ algorithm, blockBytes: 2048, of }, `its digests.blockBytes is 2048, ${wantedSize}`],
  [{ algorithm, blockBytes: 12288, of }, `its digests.blockBytes is 12288, ${wantedSize}`],
  [{ algorithm, blockBytes: 2 ** 25, of }, `its digests.blockBytes is 33554432, ${wantedSize}`],
  [{ algorithm, blockBytes: 2 ** 32, of }, `its digests.blockBytes is 4294967296, ${wantedSize}`],
  [{ algorithm, blockBytes: 2 ** 24, of }, "it was taken"],
  [{ algorithm, blockBytes: 4096, of }, "it was taken"],
]
for (const [given, refusal] of digests) {
  test(`digests ${JSON.stringify(given)}`, () => assert.is(refusalOf({ digests: given }), refusal))
}

test.run()
