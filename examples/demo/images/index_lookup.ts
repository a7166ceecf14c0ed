import {
  headerWords,
  type IndexShape,
  keyOf,
  keysPerFence,
  recordWord,
  recordWords,
  verifyPage,
} from "./index_format.js"
import type { RandomNumbers } from "./random_numbers.js"

/** Brings a page to where it can be read. The view is good until the next call. */
export type ReadPage = (page: number) => Uint32Array

/** One question to the index, and what the answer has to be. */
export interface IndexQuestion {
  readonly key: number
  readonly isPresent: boolean
}

/** Seven of eight keys are in the index; the eighth lies in the gap before a record. */
export function randomQuestion(shape: IndexShape, random: RandomNumbers): IndexQuestion {
  const record = random.below(shape.records)
  const key = keyOf(shape, record)
  const least = record * shape.step
  const isAbsent = random.below(8) === 0 && key > least
  return isAbsent ? { key: key - 1, isPresent: false } : { key, isPresent: true }
}

/**
 * Walks root, fence and leaf, verifies the checksum of each, and compares the record with what its
 * key says it must hold. Throws when anything differs.
 */
export function checkLookup(shape: IndexShape, readPage: ReadPage, question: IndexQuestion): void {
  const { key, isPresent } = question
  const fence = Math.max(0, lastNotAbove(verified(readPage, 0), 1, key))
  const entry = Math.max(0, lastNotAbove(verified(readPage, 1 + fence), 1, key))
  const leaf = verified(readPage, 1 + shape.fences + fence * keysPerFence + entry)

  const record = lastNotAbove(leaf, recordWords, key)
  const start = headerWords + record * recordWords
  const isFound = record >= 0 && leaf[start] === key
  if (isFound !== isPresent) {
    throw new Error(`Key ${key} is ${isFound ? "" : "not "}in the index: it should be the opposite`)
  }
  for (let word = 1; isFound && word < recordWords; word++) {
    const found = leaf[start + word]
    const wanted = recordWord(key, word)
    if (found !== wanted) throw new Error(`Key ${key}: word ${word} is ${found}, not ${wanted}`)
  }
}

function verified(readPage: ReadPage, number: number): Uint32Array {
  const page = readPage(number)
  verifyPage(page, number)
  return page
}

/** Index of the last of a page's entries whose key is not above `key`; -1 when all are. */
function lastNotAbove(page: Uint32Array, entryWords: number, key: number): number {
  let low = 0
  let high = page[2] ?? 0
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((page[headerWords + middle * entryWords] as number) <= key) low = middle + 1
    else high = middle
  }
  return low - 1
}
