// Invariant 2.
import { execFileSync } from "node:child_process"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { loadImage, modes } from "../harness/c_client.js"
import { startManager } from "../harness/manager.js"
import { patternFile } from "../harness/pattern.js"
import { compileAgainstLibrary } from "./native_program.js"

for (const mode of ["copy", "share", "cow"] as const) {
  test(`in mode ${mode} it has none of the regions, and is refused every call`, async () => {
    const program = compileAgainstLibrary("forked_child.c")
    const manager = await startManager({ images: { model: patternFile(1 << 20, 1) } })

    if (mode === "cow") await loadImage(manager.socket, "model")

    const output = execFileSync(program, [manager.socket, "model", String(modes[mode])], {
      encoding: "utf8",
      timeout: 60_000,
    })

    assert.equal(output.trimEnd().split("\n"), [
      "mapped: signal SEGV",
      "attached: signal SEGV",
      "ended: signal SEGV",
      "calls: exit 0",
      "parent: 0 0",
    ])
    await manager.stop()
  })
}

test.run()
