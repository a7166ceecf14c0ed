// npm run setup: installs the npm packages, builds the native parts and compiles the TypeScript,
// each only when its inputs changed. Plain Node without packages, because it has to run in a clone
// that has none yet.
import { chmodSync } from "node:fs"
import { compile, isCompiled } from "./setup/compile.mjs"
import { withLock } from "./setup/lock.mjs"
import { buildNative, isNativeBuilt } from "./setup/native.mjs"
import { arePackagesInstalled, installPackages } from "./setup/packages.mjs"
import { SetupError, step } from "./setup/step.mjs"
import { join, top } from "./setup/tree.mjs"

const steps = [
  { name: "install npm packages", isDone: arePackagesInstalled, run: installPackages },
  { name: "build the native parts", isDone: isNativeBuilt, run: buildNative },
  { name: "compile TypeScript", isDone: isCompiled, run: compile },
]

async function setup() {
  for (const { name, isDone, run } of steps) {
    if (!isDone()) await step(name, run)
  }
  markExecutable(join(top, "dist/manager/cli/main.js"))
}

/** tsc writes plain files; the command has to be one that a shell can start. */
function markExecutable(path) {
  try {
    chmodSync(path, 0o755)
  } catch (error) {
    // ENOENT: a tree without a command line yet. EPERM: somebody else built it, and marked it.
    if (error.code !== "ENOENT" && error.code !== "EPERM") throw error
  }
}

try {
  // Without the lock first: when nothing changed nobody has to wait, nor be allowed to write here.
  if (!steps.every(({ isDone }) => isDone())) await withLock(top, setup)
} catch (error) {
  if (!(error instanceof SetupError)) throw error
  process.stderr.write(`setup: ${error.message}\n`)
  process.exitCode = 1
}
