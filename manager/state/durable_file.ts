import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs"

/** Where a file is written before it takes its name; no file that is kept ends so. */
export const unfinishedSuffix = ".new"

/**
 * Puts a whole file in the place of another, or none: whoever reads `path`, even after a crash in
 * the middle, finds the old bytes or the new. With `isDurable` the bytes are on the disk before the
 * name is; the name itself is once the directory is synchronised too, which is the caller's part.
 */
export function replaceFile(path: string, bytes: Uint8Array, isDurable: boolean): void {
  const unfinished = `${path}${unfinishedSuffix}`
  try {
    writeWhole(unfinished, bytes, isDurable)
    renameSync(unfinished, path)
  } catch (error) {
    // Space that nothing is kept in; where even this fails, the next start removes it.
    rmQuietly(unfinished)
    throw error
  }
}

function writeWhole(path: string, bytes: Uint8Array, isDurable: boolean): void {
  const file = openSync(path, "w", 0o600)
  try {
    writeFileSync(file, bytes)
    if (isDurable) fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

function rmQuietly(path: string): void {
  try {
    rmSync(path, { force: true })
  } catch {
    // The reason is told by what failed before it.
  }
}
