// Invariant 2.
import { execFile } from "node:child_process"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { startManager } from "../harness/manager.js"
import { scratchDirectory } from "../harness/scratch.js"
import { compileAgainstLibrary } from "./native_program.js"

const run = promisify(execFile)

for (const discarded of ["image", "zero"]) {
  test(`attached, reset and let go where discarded pages are ${discarded}`, async () => {
    const path = join(scratchDirectory(), "image")
    writeFileSync(path, Buffer.alloc(1 << 20, 0x5c))
    const manager = await startManager({ images: { image: path } })
    const program = compileAgainstLibrary("attach_under_fire.cpp")

    const { stdout, stderr } = await run(program, [manager.socket, "image", discarded], {
      timeout: 45_000,
    })

    assert.is(stderr, "")
    assert.is(stdout, "60 rounds\n")
    await manager.stop()
  })
}

test.run()
