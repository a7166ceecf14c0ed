import { scramble } from "./random_numbers.js"

/**
 * The generated index: a static three-level tree of 4 KiB pages, little-endian 32-bit words
 * throughout.
 *
 *   page 0          root: the first key of each fence page
 *   fence pages     the first key of each leaf
 *   leaf pages      records of four words: the key, and three made of the key
 *
 * Every page begins with four words: magic, its own page number, how many entries follow, and a
 * checksum over the rest. Record r has the key `r * step + scramble(r) % step`: sorted, gaps
 * between them, and anyone who knows the size can tell which keys are there and which values
 * belong to them.
 */
export const pageBytes = 4096
export const pageWords = pageBytes / 4
export const headerWords = 4
export const recordWords = 4
export const recordsPerLeaf = (pageWords - headerWords) / recordWords
export const keysPerFence = pageWords - headerWords

const magic = 0x70_64_69_78

/** Where things are in an index of a given length. */
export interface IndexShape {
  readonly pages: number
  readonly fences: number
  readonly leaves: number
  readonly records: number
  /** Distance between the least possible keys of neighbouring records. */
  readonly step: number
}

export function indexShape(lengthBytes: number): IndexShape {
  const pages = Math.floor(lengthBytes / pageBytes)
  const fences = Math.ceil((pages - 1) / (keysPerFence + 1))
  const leaves = pages - 1 - fences
  const records = leaves * recordsPerLeaf
  if (leaves < 1 || fences > keysPerFence) {
    throw new Error(`Cannot make an index of ${pages} pages: three levels hold 3 to 1,041,421`)
  }
  return { pages, fences, leaves, records, step: Math.floor(0x1_0000_0000 / records) }
}

export function keyOf(shape: IndexShape, record: number): number {
  return record * shape.step + (scramble(record) % shape.step)
}

/** Word 1, 2 or 3 of the record with this key. */
export function recordWord(key: number, word: number): number {
  return scramble(key ^ Math.imul(word, 0x9e3779b9))
}

/** Writes the header of a page whose entries are already in place. */
export function sealPage(page: Uint32Array, number: number, entries: number): void {
  page[0] = magic
  page[1] = number
  page[2] = entries
  page[3] = checksum(page)
}

/** Throws unless these bytes are page `number` of an index, undamaged. */
export function verifyPage(page: Uint32Array, number: number): void {
  if (page[0] !== magic || page[1] !== number) {
    throw new Error(`Index page ${number} begins with ${page[0]}, ${page[1]}: it is another page`)
  }
  const found = checksum(page)
  if (page[3] !== found) {
    throw new Error(`Index page ${number} is damaged: checksum ${found}, recorded ${page[3]}`)
  }
}

function checksum(page: Uint32Array): number {
  let bits = Math.imul((page[1] ?? 0) ^ 0x811c9dc5, 0x01000193) ^ (page[2] ?? 0)
  for (let word = headerWords; word < pageWords; word++) {
    bits = Math.imul(bits ^ (page[word] as number), 0x01000193)
    bits ^= bits >>> 15
  }
  return bits >>> 0
}
