/**
 * Skips are loud: the line goes through the runner into its summary and its last line, and where
 * the machine must be able to run everything (CI=true) a skip that concerns userfaultfd is a
 * failure.
 */

/** Begins a line by which a test says that it was skipped; the runner looks for it. */
export const skipMark = "pagerd-skip: "

/** What a skipped test would have needed. */
export type Need = "userfaultfd" | "root" | "machine"

/** Call it and return from the test. One test calls it once. */
export function skipLoudly(need: Need, reason: string): void {
  if (need !== "machine" && process.env.CI === "true") {
    throw new Error(`skipped in CI, where ${need} must be there: ${reason}`)
  }
  process.stdout.write(`\n${skipMark}${reason}\n`)
}
