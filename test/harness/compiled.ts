import { execFileSync } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs"
import { tmpdir } from "node:os"
import { extname, join } from "node:path"
import { repository } from "./repository.js"

export interface CompileOptions {
  /** Compiler flags beside the strict ones, such as `-fsanitize=address`. */
  readonly flags?: readonly string[]
  /** More source files, absolute. */
  readonly sources?: readonly string[]
  /**
   * Directories of headers. Their contents do not count towards the cache: name them in
   * `dependsOn`.
   */
  readonly include?: readonly string[]
  /** Files whose change makes the program stale. */
  readonly dependsOn?: readonly string[]
  /** What follows the sources on the command line: `-lpthread`, a library's path. */
  readonly libraries?: readonly string[]
}

const strictness = ["-Wall", "-Wextra", "-Werror", "-O1", "-g"]

/**
 * Compiles a C or C++ program, once for each content: the second test that wants it finds it.
 * `source` is the path of a .c or .cpp file. Returns the program's path.
 */
export function compileProgram(source: string, options: CompileOptions = {}): string {
  const { flags = [], sources = [], include = [], dependsOn = [], libraries = [] } = options
  const isC = extname(source) === ".c"
  const compiler = isC ? (process.env.CC ?? "gcc") : (process.env.CXX ?? "g++")
  const commandLine = [
    isC ? "-std=c11" : "-std=gnu++20",
    ...strictness,
    ...flags,
    ...include.map((directory) => `-I${directory}`),
    source,
    ...sources,
    ...libraries,
  ]
  const hash = createHash("sha256").update(JSON.stringify([compiler, commandLine]))
  for (const path of [source, ...sources, ...dependsOn]) hash.update(readFileSync(path))
  const directory = programCache()
  const program = join(directory, hash.digest("hex").slice(0, 32))
  if (!existsSync(program)) {
    // Built under another name first: two tests may build the same program at once.
    const draft = `${program}.${process.pid}`
    execFileSync(compiler, [...commandLine, "-o", draft], {
      stdio: ["ignore", "inherit", "inherit"],
    })
    renameSync(draft, program)
  }
  return program
}

/**
 * Where compiled programs and objects are kept: in the tree where that can be written to, so that
 * the next run finds them too.
 */
export function programCache(): string {
  for (const parent of [join(repository, "node_modules/.cache"), tmpdir()]) {
    const directory = join(parent, "pagerd-programs")
    try {
      mkdirSync(directory, { recursive: true })
      return directory
    } catch {
      // Not ours to write: the next place.
    }
  }
  throw new Error(`no directory for compiled programs can be made, not even in ${tmpdir()}`)
}
