import { readFileSync, statSync } from "node:fs"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { findMismatch, patternBytes, patternFile } from "./pattern.js"

const page = 4096
const beyond4GiB = 2 ** 32 + 5 * page

/** Single bytes of two words are alike now and then; two words never are. */
const isWithinFirstWord = (at: number): boolean => at >= 0 && at < 8

test("a page is found right at its own offset and nowhere else", () => {
  const seeds = [1, 2]
  const offsets = [0, page, 7 * page, 2 ** 32, beyond4GiB, 2 ** 43]

  for (const seed of seeds) {
    for (const offset of offsets) {
      const bytes = patternBytes(seed, offset, page)
      for (const otherSeed of seeds) {
        for (const other of offsets) {
          const isSame = seed === otherSeed && offset === other
          const mismatch = findMismatch(bytes, otherSeed, other)
          assert.ok(isSame ? mismatch === -1 : isWithinFirstWord(mismatch), `${mismatch}`)
        }
      }
    }
  }
})

test("one wrong byte is found at its place", () => {
  const bytes = patternBytes(3, page, 64 * page)
  bytes[50_001] = (bytes[50_001] as number) ^ 1

  assert.is(findMismatch(bytes, 3, page), 50_001)
})

test("a page of zeros is never the pattern", () => {
  for (let offset = 0; offset < 2000 * page; offset += page) {
    assert.ok(isWithinFirstWord(findMismatch(new Uint8Array(8), 4, offset)))
  }
})

test("a file holds the pattern, and its holes are holes", () => {
  const hole = { offsetBytes: 16 * page, lengthBytes: 1024 * page }

  const path = patternFile(2048 * page, 5, { holes: [hole] })

  const bytes = readFileSync(path)
  assert.is(bytes.length, 2048 * page)
  assert.is(findMismatch(bytes.subarray(0, hole.offsetBytes), 5, 0), -1)
  assert.ok(bytes.subarray(hole.offsetBytes, 1040 * page).every((byte) => byte === 0))
  assert.is(findMismatch(bytes.subarray(1040 * page), 5, 1040 * page), -1)
  assert.ok(statSync(path).blocks * 512 <= 1024 * page)
})

test.run()
