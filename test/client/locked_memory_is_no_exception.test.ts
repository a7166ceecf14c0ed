import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { startManager } from "../harness/manager.js"
import { patternFile } from "../harness/pattern.js"
import { skipLoudly } from "../harness/skip.js"
import { isRoot } from "../harness/user.js"
import { compileAgainstLibrary } from "./native_program.js"

const run = promisify(execFile)

test("a program that has called mlockall() reads the image, not the zeros it locked", async () => {
  if (!isRoot) return skipLoudly("root", "memory locks are limited for others")
  const path = patternFile(1 << 20, 1)
  const manager = await startManager({ images: { image: path } })
  const program = compileAgainstLibrary("locked_memory.c")

  const { stdout } = await run(program, [manager.socket, "image", path], { timeout: 30_000 })

  assert.is(stdout, "mapped 1 attached 1 reset 1\n")
  await manager.stop()
})

test.run()
