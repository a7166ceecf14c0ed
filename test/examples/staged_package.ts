import { cpSync } from "node:fs"
import { basename, join } from "node:path"
import { repository } from "../harness/repository.js"
import { scratchDirectory } from "../harness/scratch.js"

/** What the package consists of once it is built. */
const parts = [
  "package.json",
  "dist",
  "native/client/pagerd.h",
  "native/build/Release/libpagerd.so",
  "native/build/Release/pagerd.node",
  "node_modules",
]

/** Large, or of many files, and needed to build, to test or by other examples only. */
const unneeded = new Set([
  ...[".cache", "@biomejs", "@typescript", "typescript", "node-gyp", "@types", "undici-types"],
  ...[
    "test",
    "fast-check",
    "pure-rand",
    "tar",
    "undici",
    "pyodide",
    "@jitl",
    "quickjs-emscripten-core",
  ],
])

/**
 * A copy of the built package that every user can read: the repository may lie in a home directory.
 */
export function stagePackage(): string {
  const directory = scratchDirectory()
  for (const part of parts) {
    cpSync(join(repository, part), join(directory, part), {
      recursive: true,
      filter: (source) => !unneeded.has(basename(source)),
    })
  }
  return directory
}
