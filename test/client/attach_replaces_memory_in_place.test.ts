import { execFile } from "node:child_process"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { loadImage, modes } from "../harness/c_client.js"
import { startManager } from "../harness/manager.js"
import { scratchDirectory } from "../harness/scratch.js"
import { compileAgainstLibrary } from "./native_program.js"

const run = promisify(execFile)

for (const [mode, during] of [
  ["copy", "anonymous"],
  ["share", "image"],
  ["cow", "image"],
] as const) {
  test(`in mode ${mode} it shows the image, and is the caller's own afterwards`, async () => {
    const path = join(scratchDirectory(), "image")
    writeFileSync(path, Buffer.alloc(1 << 20, 0x5c))
    const manager = await startManager({ images: { image: path } })
    if (mode === "cow") await loadImage(manager.socket, "image")
    const program = compileAgainstLibrary("attach_in_place.c")

    const { stdout } = await run(program, [manager.socket, "image", String(modes[mode])])

    assert.equal(stdout.trimEnd().split("\n"), [
      "before: rw-p anonymous, bytes as wanted, margins kept",
      `attached: rw-p ${during}, bytes as wanted, margins kept`,
      "ended: rw-p anonymous, bytes as wanted, margins kept",
      `again: rw-p ${during}, bytes as wanted, margins kept`,
      "retired: ---p anonymous",
      "left: rw-p anonymous, bytes as wanted, margins kept",
    ])
    await manager.stop()
  })
}

test.run()
