import type { TestFile } from "./discover.js"

/** Runs files, at most `jobs` at once; those that run alone come last, one after another. */
export async function schedule(
  files: readonly TestFile[],
  jobs: number,
  run: (file: TestFile) => Promise<void>,
): Promise<void> {
  const together = files.filter(({ runsAlone }) => !runsAlone)
  const alone = files.filter(({ runsAlone }) => runsAlone)
  await drainWith(jobs, together, run)
  await drainWith(1, alone, run)
}

async function drainWith(
  jobs: number,
  files: readonly TestFile[],
  run: (file: TestFile) => Promise<void>,
): Promise<void> {
  const waiting = [...files]
  const worker = async (): Promise<void> => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) await run(file)
  }
  await Promise.all(Array.from({ length: jobs }, worker))
}
