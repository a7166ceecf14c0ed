import { execFileSync, spawnSync } from "node:child_process"
import { dirname, join } from "node:path"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { compileProgram } from "../harness/compiled.js"
import { startManager } from "../harness/manager.js"
import { patternFile } from "../harness/pattern.js"
import { pagerdCommand, repository } from "../harness/repository.js"

interface Paths {
  readonly header: string
  readonly library: string
}

/** Compiles the example against what `pagerd paths` names and nothing else. */
function compileExample(): string {
  const output = execFileSync(process.execPath, [pagerdCommand, "paths", "--json"])
  const { header, library }: Paths = JSON.parse(output.toString())
  return compileProgram(join(repository, "examples/c-verify/verify.c"), {
    flags: ["-pedantic"],
    include: [dirname(header)],
    dependsOn: [header],
    libraries: [library, `-Wl,-rpath,${dirname(library)}`],
  })
}

test("the C example verifies an image, and notices one changed byte and one missing", async () => {
  const verify = compileExample()
  const lengthBytes = 3_000_001
  const model = patternFile(lengthBytes, 1)
  const longer = patternFile(lengthBytes + 1, 1)
  const other = patternFile(lengthBytes, 2)
  const manager = await startManager({ images: { model } })
  const run = (file: string) =>
    spawnSync(verify, ["model", file], {
      env: { PAGERD_SOCKET: manager.socket },
      encoding: "utf8",
      timeout: 30_000,
    })

  const [same, longerFile, otherFile] = [run(model), run(longer), run(other)]

  assert.is(same.stdout, `model: all ${lengthBytes} bytes are the file's\n`)
  assert.is(same.status, 0)
  assert.is(longerFile.stdout, `model: differs at byte ${lengthBytes}\n`)
  assert.is(longerFile.status, 1)
  assert.is(otherFile.stdout, "model: differs at byte 0\n")
  assert.is(otherFile.status, 1)
  await manager.stop()
})

test.run()
