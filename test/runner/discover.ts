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

/** Which files are meant, by parts of their names. */
export interface Selection {
  /** Any of these; all files when there are none. */
  readonly withAny: readonly string[]
  /** And none of these. */
  readonly without: readonly string[]
}

/** The test files below `directory` that are meant, by name. */
export function discover(directory: string, { withAny, without }: Selection): TestFile[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".test.js"))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .map((path) => ({ path, name: relative(directory, path).slice(0, -".test.js".length) }))
    .filter(({ name }) => withAny.length === 0 || withAny.some((part) => name.includes(part)))
    .filter(({ name }) => !without.some((part) => name.includes(part)))
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
