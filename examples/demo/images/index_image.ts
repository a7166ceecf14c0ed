import { mebibyte } from "../output/units.js"
import {
  headerWords,
  type IndexShape,
  indexShape,
  keyOf,
  keysPerFence,
  pageBytes,
  pageWords,
  recordsPerLeaf,
  recordWord,
  recordWords,
  sealPage,
} from "./index_format.js"
import type { Recipe } from "./recipe.js"

const chunkPages = 1024

/** The index holds nothing that its length does not say. */
export type IndexFacts = Record<string, never>

export function indexRecipe(lengthMib: number): Recipe<IndexFacts> {
  const lengthBytes = lengthMib * mebibyte
  return {
    name: "index",
    key: `index format 1, ${lengthBytes} bytes`,
    expectedBytes: lengthBytes,
    sizeOption: "--index-mib",
    build: async () => ({ lengthBytes, chunks: indexChunks(indexShape(lengthBytes)), facts: {} }),
  }
}

function* indexChunks(shape: IndexShape): Generator<Uint8Array> {
  const chunk = new Uint32Array(chunkPages * pageWords)
  for (let first = 0; first < shape.pages; first += chunkPages) {
    const pages = Math.min(chunkPages, shape.pages - first)
    chunk.fill(0)
    for (let page = 0; page < pages; page++) {
      writePage(shape, first + page, chunk.subarray(page * pageWords, (page + 1) * pageWords))
    }
    yield new Uint8Array(chunk.buffer, 0, pages * pageBytes)
  }
}

function writePage(shape: IndexShape, number: number, page: Uint32Array): void {
  if (number === 0) writeKeys(shape, page, number, 0, keysPerFence, shape.fences)
  else if (number <= shape.fences) {
    writeKeys(shape, page, number, (number - 1) * keysPerFence, 1, shape.leaves)
  } else writeLeaf(shape, page, number)
}

/**
 * First keys of the leaves `firstLeaf`, `firstLeaf + stride`, ... for the root (stride: a fence)
 * and fences.
 */
function writeKeys(
  shape: IndexShape,
  page: Uint32Array,
  number: number,
  firstLeaf: number,
  leafStride: number,
  childrenMax: number,
): void {
  const firstChild = firstLeaf / leafStride
  const entries = Math.min(keysPerFence, childrenMax - firstChild)
  for (let entry = 0; entry < entries; entry++) {
    const leaf = firstLeaf + entry * leafStride
    page[headerWords + entry] = keyOf(shape, leaf * recordsPerLeaf)
  }
  sealPage(page, number, entries)
}

function writeLeaf(shape: IndexShape, page: Uint32Array, number: number): void {
  const firstRecord = (number - 1 - shape.fences) * recordsPerLeaf
  for (let entry = 0; entry < recordsPerLeaf; entry++) {
    const start = headerWords + entry * recordWords
    const key = keyOf(shape, firstRecord + entry)
    page[start] = key
    page[start + 1] = recordWord(key, 1)
    page[start + 2] = recordWord(key, 2)
    page[start + 3] = recordWord(key, 3)
  }
  sealPage(page, number, recordsPerLeaf)
}
