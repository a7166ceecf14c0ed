// TypeScript into dist/. What was compiled from a source that is gone is deleted, or its tests
// would still run.
import { rmSync } from "node:fs"
import { relative } from "node:path"
import { runQuietly } from "./step.mjs"
import { filesBelow, hashOf, hasStamp, join, readText, top, writeStamp } from "./tree.mjs"

const stamp = join(top, "dist/setup-stamp")
const sourceFolders = ["protocol", "manager", "client", "test", "examples"]

function inputsHash() {
  const sources = sourceFolders
    .flatMap((folder) => filesBelow(join(top, folder)))
    .filter((path) => path.endsWith(".ts"))
  const lock = readText(join(top, "package-lock.json"))
  return hashOf([join(top, "tsconfig.json"), ...sources], lock)
}

export const isCompiled = () => hasStamp(stamp, inputsHash())

export async function compile() {
  const hash = inputsHash()
  rmSync(stamp, { force: true })
  removeOrphans()
  await runQuietly(process.execPath, [join(top, "node_modules/typescript/bin/tsc")], {
    advice: "The compiler's words are above.",
  })
  writeStamp(stamp, hash)
}

function removeOrphans() {
  const sources = new Set(
    sourceFolders
      .flatMap((folder) => filesBelow(join(top, folder)))
      .map((path) => relative(top, path)),
  )
  for (const path of filesBelow(join(top, "dist"))) {
    const source = relative(join(top, "dist"), path).replace(/(\.d\.ts|\.js)(\.map)?$/, ".ts")
    if (!sources.has(source)) rmSync(path)
  }
}
