import { truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { scratchDirectory } from "./scratch.js"

/** A file of that length without a byte in it. */
export function sparseFile(lengthBytes: number): string {
  const path = join(scratchDirectory(), "sparse")
  writeFileSync(path, "")
  truncateSync(path, lengthBytes)
  return path
}
