import { closeSync, openSync, readSync } from "node:fs"
import { mebibyte } from "../output/units.js"

const chunkBytes = 64 * mebibyte

/** Fills the bytes from a file's beginning: the way without pagerd. */
export function readFileInto(path: string, bytes: Uint8Array): void {
  const file = openSync(path, "r")
  try {
    for (let done = 0; done < bytes.length; ) {
      const read = readSync(file, bytes, done, Math.min(chunkBytes, bytes.length - done), done)
      if (read === 0)
        throw new Error(`${path} ends at ${done}: ${bytes.length} bytes were expected`)
      done += read
    }
  } finally {
    closeSync(file)
  }
}
