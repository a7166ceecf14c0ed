import { execFile } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync, readdirSync, readFileSync, renameSync } from "node:fs"
import { availableParallelism } from "node:os"
import { dirname, join } from "node:path"
import { promisify } from "node:util"
import { programCache } from "../harness/compiled.js"
import { repository } from "../harness/repository.js"

const execute = promisify(execFile)
const compiler = process.env.CXX ?? "g++"
const native = join(repository, "native")

/** What everything that is made of the engine's sources is compiled with. */
const commonFlags = [
  "-std=gnu++20",
  "-fno-exceptions",
  ...["-Wall", "-Wextra", "-Werror", "-Wno-missing-field-initializers"],
]

/** The C++ sources in a folder, absolute. */
export const sourcesIn = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith(".cpp"))
    .map((name) => join(folder, name))

export const nativeFolder = (name: string): string => join(native, name)

/**
 * Compiles and links a program, each object once for each content of its sources. Returns its path;
 * `name` is how that begins.
 */
export async function buildProgram(
  name: string,
  sources: readonly string[],
  extraFlags: readonly string[],
): Promise<string> {
  const flags = [...commonFlags, ...extraFlags]
  const objects = await compileAll(sources, flags)
  const program = join(programCache(), `${name}-${hashOf([compiler, ...flags, ...objects])}`)
  await makeOnce(program, (draft) => [...flags, ...objects, "-o", draft])
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
