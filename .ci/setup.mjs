// Placeholder until the harness lands: installs, builds, compiles.
import { execFileSync } from "node:child_process"
import { existsSync } from "node:fs"
import { dirname, join } from "node:path"

const run = (command, args) => execFileSync(command, args, { stdio: "inherit" })
const prefix = dirname(dirname(process.execPath))
const nodedir = existsSync(join(prefix, "include/node/node_api.h")) ? [`--nodedir=${prefix}`] : []
if (!existsSync("node_modules")) run("npm", ["ci", "--ignore-scripts"])
run("npx", ["node-gyp", "--directory", "native", "configure", "build", ...nodedir])
run("npx", ["tsc"])
