import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { startManager } from "../harness/manager.js"
import { patternFile } from "../harness/pattern.js"
import { compileAgainstLibrary } from "./native_program.js"

const run = promisify(execFile)

test("an image whose file finds no room costs that call, and none after it", async () => {
  const manager = await startManager({ images: { image: patternFile(1 << 20, 1) } })
  const program = compileAgainstLibrary("no_free_descriptor.c")

  const { stdout } = await run(program, [manager.socket, "image"], { timeout: 30_000 })

  const [code, text, later] = stdout.split("\n")
  assert.is(code, "system")
  assert.match(text ?? "", /as many files open as it may \(ulimit -n\)/)
  assert.is(later, "mapped")
  await manager.stop()
})

test.run()
