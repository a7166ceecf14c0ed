import { execFile } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync, readdirSync, readFileSync, renameSync } from "node:fs"
import { availableParallelism } from "node:os"
import { dirname, join } from "node:path"
import { promisify } from "node:util"
import { programCache } from "../harness/compiled.js"
import { repository } from "../harness/repository.js"
import { coreClaims } from "./core_claims.js"

export type Sanitizer = "address,undefined" | "thread"

const execute = promisify(execFile)
const compiler = process.env.CXX ?? "g++"
const native = join(repository, "native")
const core = join(repository, "test/native/core")
/** What every claim stands on. */
const ground = ["bed.cpp", "claim.cpp", "client.cpp", "pattern_image.cpp", "small_threads.cpp"]

const flagsOf = (sanitizer: Sanitizer): string[] => [
  "-std=gnu++20",
  "-fno-exceptions",
  ...["-Wall", "-Wextra", "-Werror", "-Wno-missing-field-initializers"],
  // The fault ring's fences are for ordering atomics only, so nothing is missed without them.
  ...(sanitizer === "thread" ? ["-Wno-tsan"] : ["-fno-sanitize-recover=all"]),
  ...["-O1", "-g1", "-pthread", `-fsanitize=${sanitizer}`],
]

/**
 * Builds the engine core and every claim about it under a sanitizer, each object once for each
 * content of its sources. Returns the program's path; it takes a claim's name.
 */
export async function buildCore(sanitizer: Sanitizer): Promise<string> {
  const engine = ["sys", "image", "engine"]
    .map((folder) => join(native, folder))
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
    .filter((path) => path.endsWith(".cpp"))
  const claims = [...ground, ...coreClaims.map(({ source }) => source)]
  const sources = [...engine, ...claims.map((name) => join(core, name))]
  const objects = await compileAll(sources, flagsOf(sanitizer))
  const program = join(programCache(), `core-${hashOf([compiler, sanitizer, ...objects])}`)
  await makeOnce(program, (draft) => [...flagsOf(sanitizer), ...objects, "-o", draft])
  return program
}

async function compileAll(sources: readonly string[], flags: readonly string[]): Promise<string[]> {
  const waiting = [...sources]
  const objects: string[] = []
  const work = async (): Promise<void> => {
    for (let source = waiting.pop(); source !== undefined; source = waiting.pop()) {
      objects.push(await compile(source, flags))
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, work))
  return objects.sort()
}

async function compile(source: string, flags: readonly string[]): Promise<string> {
  const contents = [...closureOf(source)].map((path) => readFileSync(path, "utf8"))
  const object = join(programCache(), `${hashOf([compiler, ...flags, ...contents])}.o`)
  await makeOnce(object, (draft) => [...flags, `-I${native}`, "-c", source, "-o", draft])
  return object
}

/** Under another name first: two tests may make the same file at once. */
async function makeOnce(path: string, command: (draft: string) => string[]): Promise<void> {
  if (existsSync(path)) return
  const draft = `${path}.${process.pid}`
  await execute(compiler, command(draft))
  renameSync(draft, path)
}

/** A source file and what it includes of ours, and so on. */
function closureOf(path: string, found = new Set<string>()): Set<string> {
  if (found.has(path)) return found
  found.add(path)
  for (const [, name = ""] of readFileSync(path, "utf8").matchAll(/^#include "([^"]+)"/gm)) {
    const beside = join(dirname(path), name)
    closureOf(existsSync(beside) ? beside : join(native, name), found)
  }
  return found
}

const hashOf = (words: readonly string[]): string =>
  createHash("sha256").update(JSON.stringify(words)).digest("hex").slice(0, 32)
