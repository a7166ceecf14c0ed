import { readFile } from "node:fs/promises"

/**
 * One thing that doctor looked at. `fail`: pagerd cannot work here as it is; `warn`: it works, with
 * something missing.
 */
export interface Check {
  readonly name: string
  readonly status: "ok" | "warn" | "fail"
  /** What was found, and what that means. */
  readonly found: string
  /** A command, or a sentence where no command does it, that mends it. */
  readonly remedy?: string
}

/** The text of a file of /proc or /sys without its last line feed; undefined when there is none. */
export async function readFact(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, "utf8")).trimEnd()
  } catch {
    return undefined
  }
}
