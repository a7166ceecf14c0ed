import { chmodSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { atExit } from "./at_exit.js"

/**
 * A new directory that is gone when the process ends. The runner gives every test file a TMPDIR of
 * its own, so that nothing stays even when the process is killed. Every user may pass through it,
 * not list it.
 */
export function scratchDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "pagerd-"))
  chmodSync(directory, 0o711)
  atExit(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}
