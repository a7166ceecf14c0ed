// Invariant 1.
// Invariant 2.
// Invariant 6.
// time limit: 600 s
import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { test } from "uvu"
import { buildModel } from "./model_program.js"

const execute = promisify(execFile)

/** Some ten seconds of one CPU; others may want it too. */
const modelMsMax = 300_000

/** A failure names the script and the interleaving, and tells every step of that. */
test("every interleaving of every script ends with every page as it should be", async () => {
  const program = await buildModel()
  const { stdout } = await execute(program, { timeout: modelMsMax, killSignal: "SIGKILL" })
  process.stdout.write(`\n${stdout}`)
})

test.run()
