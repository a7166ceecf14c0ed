// Where the tree is, what is in it, and stamps: a stamp lies inside the product it vouches for and
// holds the hash of the inputs, so that deleting the product deletes the claim.
import { createHash } from "node:crypto"
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join, relative } from "node:path"
import { fileURLToPath } from "node:url"

export { join }

/** The repository's root, wherever the command was started. */
export const top = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/**
 * Every file below a directory, sorted, without those `isLeftOut` names. Nothing when it does not
 * exist.
 */
export function filesBelow(directory, isLeftOut = () => false) {
  let entries
  try {
    entries = readdirSync(directory, { withFileTypes: true })
  } catch (error) {
    if (error.code === "ENOENT") return []
    throw error
  }
  return entries
    .filter((entry) => !isLeftOut(entry.name))
    .flatMap((entry) => {
      const path = join(directory, entry.name)
      return entry.isDirectory() ? filesBelow(path, isLeftOut) : [path]
    })
    .sort()
}

/** Hash of the names and contents of files, and of whatever else the product depends on. */
export function hashOf(paths, ...others) {
  const hash = createHash("sha256")
  for (const path of paths) {
    const content = readFileSync(path)
    hash.update(`${relative(top, path)}\0${content.length}\0`).update(content)
  }
  for (const other of others) hash.update(`\0${other}`)
  return hash.digest("hex")
}

export function readText(path) {
  try {
    return readFileSync(path, "utf8")
  } catch (error) {
    if (error.code === "ENOENT") return ""
    throw error
  }
}

export function writeStamp(path, hash) {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, `${hash}\n`)
}

export const hasStamp = (path, hash) => readText(path) === `${hash}\n`
