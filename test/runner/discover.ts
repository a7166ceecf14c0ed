import { readdirSync, readFileSync } from "node:fs"
import { join, relative } from "node:path"

/** One compiled test file and what it says about itself in comments. */
export interface TestFile {
  readonly path: string
  /** "e2e/many_clients": the path below dist/test without the ending. */
  readonly name: string
  readonly timeLimitMs: number
  /** `// runs alone`: nothing else runs beside it. */
  readonly runsAlone: boolean
}

const timeLimitMsDefault = 60_000

/**
 * Every test file below `directory` whose name contains one of the patterns; all when there are
 * none.
 */
export function discover(directory: string, patterns: readonly string[]): TestFile[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".test.js"))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .map((path) => ({ path, name: relative(directory, path).slice(0, -".test.js".length) }))
    .filter(({ name }) => patterns.length === 0 || patterns.some((part) => name.includes(part)))
    .map((file) => ({ ...file, ...readMarks(readFileSync(file.path, "utf8")) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** `// time limit: 180 s` and `// runs alone`, each on a line of its own; tsc keeps comments. */
export function readMarks(source: string): Pick<TestFile, "timeLimitMs" | "runsAlone"> {
  const seconds = /^\/\/ time limit: (\d+) s$/m.exec(source)?.[1]
  return {
    timeLimitMs: seconds === undefined ? timeLimitMsDefault : Number(seconds) * 1000,
    runsAlone: /^\/\/ runs alone$/m.test(source),
  }
}
