import { join } from "node:path"
import { type PatternFileOptions, patternFile } from "../harness/pattern.js"
import { scratchDirectory } from "../harness/scratch.js"

const mebibyte = 1 << 20

/**
 * A memory file as a snapshot leaves it: `lengthBytes` long, mostly holes. Of each `strideBytes`
 * the first `writtenBytes` are the pattern of the seed, whose every word tells its place; the rest
 * is zeros that no disk holds. A VM compares with the file itself, so there is no second formula
 * that could err.
 */
export function guestImage(options: {
  readonly lengthBytes: number
  readonly seed: number
  readonly strideBytes?: number
  readonly writtenBytes?: number
}): string {
  const { lengthBytes, seed, strideBytes = 4 * mebibyte, writtenBytes = mebibyte } = options
  const only: { offsetBytes: number; lengthBytes: number }[] = []
  for (let offsetBytes = 0; offsetBytes < lengthBytes; offsetBytes += strideBytes) {
    const rest = lengthBytes - offsetBytes
    only.push({ offsetBytes, lengthBytes: Math.min(writtenBytes, rest) })
  }
  const path = join(scratchDirectory(), "guest.mem")
  const sparse: PatternFileOptions = { only, path }
  return patternFile(lengthBytes, seed, sparse)
}
