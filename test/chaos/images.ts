import { closeSync, openSync, writeSync } from "node:fs"
import { join } from "node:path"
import { patternBytes, patternFile } from "../harness/pattern.js"
import { boardPages } from "./books.js"

/** The images of a run. What a page holds is known from its number and the image's seed alone. */

export const pageBytes = 4096
const holePages = 64
const holeEvery = 512

export interface ChaosImage {
  readonly name: string
  readonly seed: number
  readonly pages: number
}

export interface FileImage extends ChaosImage {
  readonly path: string
}

export interface RunImages {
  /** A file that is read page by page. */
  readonly model: FileImage
  /** A file that is in memory as a whole before the manager serves. */
  readonly solid: FileImage
  /** A writable image of counters. */
  readonly board: FileImage
  /** From a page source in TypeScript. */
  readonly fetched: ChaosImage
}

export function makeImages(directory: string, seed: number, modelBytes: number): RunImages {
  const file = (name: string, imageSeed: number, pages: number): FileImage => {
    const path = patternFile(pages * pageBytes, imageSeed, {
      holes: holesOf(pages),
      path: join(directory, name),
    })
    return { name, seed: imageSeed, pages, path }
  }
  return {
    model: file("model", seed + 1, modelBytes / pageBytes),
    solid: file("solid", seed + 2, 2048),
    board: makeBoard(join(directory, "board"), seed + 3),
    fetched: { name: "fetched", seed: seed + 4, pages: 4096 },
  }
}

/** The same rule as content_is_hole() of client/content.h. */
export const isHole = (page: number): boolean => page % holeEvery >= holeEvery - holePages

function holesOf(pages: number): { offsetBytes: number; lengthBytes: number }[] {
  const starts = Array.from(
    { length: Math.floor(pages / holeEvery) },
    (_, group) => (group + 1) * holeEvery - holePages,
  )
  return starts.map((start) => ({
    offsetBytes: start * pageBytes,
    lengthBytes: holePages * pageBytes,
  }))
}

/** A range of an image as it must be. */
export function imageBytes({ seed }: ChaosImage, offset: number, length: number): Uint8Array {
  const bytes = patternBytes(seed, offset, length)
  for (let at = 0; at < length; at += pageBytes) {
    if (isHole((offset + at) / pageBytes)) bytes.fill(0, at, at + pageBytes)
  }
  return bytes
}

/** Each page as client/board.h describes it: count and complement around the pattern. */
function makeBoard(path: string, seed: number): FileImage {
  const file = openSync(path, "w")
  for (let number = 0; number < boardPages; number++) {
    const page = Buffer.from(patternBytes(seed, number * pageBytes, pageBytes))
    const count = BigInt(0x0100_0000 + number)
    page.writeBigUInt64LE(0n, 0)
    page.writeBigUInt64LE(count, 8)
    page.writeBigUInt64LE(~count & 0xffff_ffff_ffff_ffffn, pageBytes - 8)
    writeSync(file, page, 0, pageBytes, number * pageBytes)
  }
  closeSync(file)
  return { name: "board", seed, pages: boardPages, path }
}
