import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { loadImage, modes } from "../harness/c_client.js"
import { startManager } from "../harness/manager.js"
import { patternFile } from "../harness/pattern.js"
import { skipLoudly } from "../harness/skip.js"
import { isRoot } from "../harness/user.js"
import { compileAgainstLibrary } from "./native_program.js"

const run = promisify(execFile)

for (const mode of ["copy", "share", "cow"] as const) {
  test(`a program that has called mlockall() reads the image in mode ${mode}`, async () => {
    if (!isRoot) return skipLoudly("root", "memory locks are limited for others")
    const path = patternFile(1 << 20, 1)
    const manager = await startManager({ images: { image: path } })
    const program = compileAgainstLibrary("locked_memory.c")

    if (mode === "cow") await loadImage(manager.socket, "image")

    const words = [manager.socket, "image", path, String(modes[mode])]
    const { stdout } = await run(program, words, { timeout: 30_000 })

    assert.is(stdout, "mapped 1 attached 1 copied 1 reset 1\n")
    await manager.stop()
  })
}

test.run()
