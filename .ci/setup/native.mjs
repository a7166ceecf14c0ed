// The native parts: pagerd.node (the engine) and libpagerd.so (the client library), built by
// node-gyp. The addon keeps to Node-API version 9, so that one build serves every Node from 20 on
// and is not repeated for another.
import { existsSync, realpathSync } from "node:fs"
import { availableParallelism } from "node:os"
import { dirname } from "node:path"
import { isUsable, runQuietly, SetupError } from "./step.mjs"
import { filesBelow, hashOf, hasStamp, join, readText, top, writeStamp } from "./tree.mjs"

const build = join(top, "native/build")
const stamp = join(build, "setup-stamp")
const products = ["pagerd.node", "libpagerd.so"].map((name) => join(build, "Release", name))

function inputsHash() {
  const sources = filesBelow(join(top, "native"), (name) => name === "build")
  const { version } = JSON.parse(readText(join(top, "node_modules/node-addon-api/package.json")))
  const { CC, CXX, CFLAGS, CXXFLAGS, LDFLAGS } = process.env
  const tools = JSON.stringify({ CC, CXX, CFLAGS, CXXFLAGS, LDFLAGS })
  return hashOf(sources, version, process.arch, tools)
}

export function isNativeBuilt() {
  return products.every((path) => existsSync(path)) && hasStamp(stamp, inputsHash())
}

export async function buildNative() {
  const hash = inputsHash()
  const python = requireTools()
  const gyp = join(top, "node_modules/node-gyp/bin/node-gyp.js")
  await runQuietly(
    process.execPath,
    [gyp, "configure", "build", "--directory", "native", ...headersOption()],
    {
      advice: "The compiler's words are above. A C++20 compiler such as g++ 12 is needed.",
      env: { ...process.env, PYTHON: python, JOBS: String(availableParallelism()) },
    },
  )
  const missing = products.filter((path) => !existsSync(path))
  if (missing.length > 0)
    throw new SetupError(`node-gyp ended well but made no ${missing.join(" ")}`)
  writeStamp(stamp, hash)
}

/**
 * Says everything that is missing in one go, before minutes are spent. Returns the Python for
 * node-gyp.
 */
function requireTools() {
  const python = [process.env.PYTHON, "python3", "/usr/bin/python3", "python"].find(
    (command) => command && isUsable(command),
  )
  const missing = [
    !isUsable(process.env.CXX || "g++") && "a C++20 compiler (g++ 12 or later, or set CXX)",
    !isUsable("make") && "make",
    !python && "python3 (node-gyp is driven by it)",
  ].filter(Boolean)
  if (missing.length === 0) return python
  throw new SetupError(
    `the native parts cannot be built without ${missing.join(" and ")}.\n` +
      "On Debian and Ubuntu: apt-get install build-essential python3",
  )
}

/** Headers lying beside the running node are used in place of a download from nodejs.org. */
function headersOption() {
  if (process.env.npm_config_nodedir) return []
  const prefixes = [
    dirname(dirname(process.execPath)),
    dirname(dirname(realpathSync(process.execPath))),
    process.config.variables.node_prefix,
  ]
  const prefix = prefixes.find((path) => path && existsSync(join(path, "include/node/node_api.h")))
  if (prefix) return [`--nodedir=${prefix}`]
  process.stderr.write("setup: node's headers are not beside it: node-gyp fetches them\n")
  return []
}
