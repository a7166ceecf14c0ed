// npm packages. npm itself notes in node_modules/.package-lock.json, written last, what it has
// installed: comparing that with package-lock.json tells whether there is anything to do.
import { runQuietly, SetupError } from "./step.mjs"
import { join, readText, top } from "./tree.mjs"

const advice = "The packages come from the npm registry: is it reachable (npm ping)?"

const parse = (path) => JSON.parse(readText(join(top, path)) || "{}")

export function arePackagesInstalled() {
  const wanted = parse("package-lock.json").packages ?? {}
  const found = parse("node_modules/.package-lock.json").packages
  if (!found || !isLockCurrent(wanted[""])) return false
  const isAsWanted = ([path, { version, optional }]) =>
    path === "" || (found[path] ? found[path].version === version : optional === true)
  return (
    Object.entries(wanted).every(isAsWanted) && Object.keys(found).every((path) => path in wanted)
  )
}

/**
 * Whether package.json still asks for what it asked for when the lock was written. If not, npm ci
 * says so.
 */
function isLockCurrent(locked) {
  const manifest = parse("package.json")
  return ["dependencies", "devDependencies"].every(
    (kind) => JSON.stringify(manifest[kind]) === JSON.stringify(locked?.[kind]),
  )
}

export async function installPackages() {
  // Install scripts stay off: nothing here needs one, and none can surprise us.
  const args = ["ci", "--ignore-scripts", "--include=dev", "--include=optional"]
  await runQuietly("npm", args, { advice })
  if (!arePackagesInstalled()) {
    throw new SetupError(
      "npm ci ended well, yet node_modules is not what package-lock.json asks for",
    )
  }
}
