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

/** Large, and needed to build only. */
const buildTools = new Set(["@biomejs", "@typescript", "typescript", "node-gyp"])

/**
 * A copy of the built package that every user can read: the repository may lie in a home directory.
 */
export function stagePackage(): string {
  const directory = scratchDirectory()
  for (const part of parts) {
    cpSync(join(repository, part), join(directory, part), {
      recursive: true,
      filter: (source) => !buildTools.has(basename(source)),
    })
  }
  return directory
}
