import { closeSync, ftruncateSync, openSync, writeSync } from "node:fs"
import { join } from "node:path"
import { scratchDirectory } from "./scratch.js"

/**
 * Bytes that can be checked without their file: each aligned group of eight is a function of the
 * seed and of its offset alone, so a page served from the wrong place, or a page of zeros, is seen
 * at once.
 */

const wordBytes = 8
const pageBytes = 4096
const chunkBytes = 1024 * 1024

/** A mix of 32 bits whose every input bit reaches every output bit. */
function mix(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x21f0aaad)
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
  return (mixed ^ (mixed >>> 15)) >>> 0
}

/** The pattern from `offsetBytes`, a multiple of 8, on. */
export function fillPattern(target: Uint8Array, seed: number, offsetBytes: number): Uint8Array {
  const words = new Uint32Array(Math.ceil(target.length / wordBytes) * 2)
  for (let at = 0; at < words.length; at += 2) {
    const word = offsetBytes / wordBytes + at / 2
    const high = Math.floor(word / 2 ** 32)
    words[at] = mix(word + mix(seed + mix(high)))
    words[at + 1] = mix((words[at] as number) ^ 0x9e3779b9) | 1 // Never a word of zeros.
  }
  target.set(new Uint8Array(words.buffer, 0, target.length))
  return target
}

export const patternBytes = (seed: number, offsetBytes: number, lengthBytes: number): Uint8Array =>
  fillPattern(new Uint8Array(lengthBytes), seed, offsetBytes)

/**
 * The first place where `bytes`, found at `offsetBytes` of an image, differ from the pattern; -1
 * when none does.
 */
export function findMismatch(bytes: Uint8Array, seed: number, offsetBytes: number): number {
  const wanted = Buffer.alloc(Math.min(chunkBytes, bytes.length))
  for (let start = 0; start < bytes.length; start += wanted.length) {
    const found = bytes.subarray(start, start + wanted.length)
    const part = wanted.subarray(0, found.length)
    fillPattern(part, seed, offsetBytes + start)
    if (part.compare(found) !== 0) return start + found.findIndex((byte, at) => byte !== part[at])
  }
  return -1
}

export interface PatternFileOptions {
  /** Ranges that stay holes in the file: pages of zeros that take no space. */
  readonly holes?: readonly { readonly offsetBytes: number; readonly lengthBytes: number }[]
  /** Only these ranges are written, the rest is one hole: for files larger than the disk. */
  readonly only?: readonly { readonly offsetBytes: number; readonly lengthBytes: number }[]
  readonly path?: string
}

/** A file of `lengthBytes` whose written bytes follow the pattern of `seed`. Returns its path. */
export function patternFile(
  lengthBytes: number,
  seed: number,
  { holes = [], only, path }: PatternFileOptions = {},
): string {
  const name = path ?? join(scratchDirectory(), `pattern-${seed}`)
  const ranges = only ?? complement(holes, lengthBytes)
  const file = openSync(name, "w", 0o644)
  try {
    ftruncateSync(file, lengthBytes)
    for (const range of ranges) writeRange(file, seed, range.offsetBytes, range.lengthBytes)
  } finally {
    closeSync(file)
  }
  return name
}

function writeRange(file: number, seed: number, offsetBytes: number, lengthBytes: number): void {
  for (let done = 0; done < lengthBytes; done += chunkBytes) {
    const chunk = patternBytes(seed, offsetBytes + done, Math.min(chunkBytes, lengthBytes - done))
    writeSync(file, chunk, 0, chunk.length, offsetBytes + done)
  }
}

/** What the holes leave of 0..lengthBytes. Holes are in order, do not overlap and keep to pages. */
function complement(
  holes: readonly { readonly offsetBytes: number; readonly lengthBytes: number }[],
  lengthBytes: number,
): { offsetBytes: number; lengthBytes: number }[] {
  const ranges: { offsetBytes: number; lengthBytes: number }[] = []
  let offsetBytes = 0
  for (const hole of [...holes, { offsetBytes: lengthBytes, lengthBytes: 0 }]) {
    if (hole.offsetBytes % pageBytes !== 0 && hole.lengthBytes > 0) {
      throw new Error(`a hole at ${hole.offsetBytes} does not begin a page: it would not be one`)
    }
    if (hole.offsetBytes > offsetBytes) {
      ranges.push({ offsetBytes, lengthBytes: hole.offsetBytes - offsetBytes })
    }
    offsetBytes = hole.offsetBytes + hole.lengthBytes
  }
  return ranges
}
