import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { connect } from "../../client/index.js"
import { startManager } from "../harness/manager.js"
import { findMismatch, patternFile } from "../harness/pattern.js"
import { compileAgainstLibrary } from "./native_program.js"
import { makeMemory } from "./wasm_memory.js"

const run = promisify(execFile)
const imageBytes = 1 << 20

test("share while the image comes lazily, cow once it has been loaded", async () => {
  const manager = await startManager({ images: { image: patternFile(imageBytes, 1) } })
  const pager = await connect({ socket: manager.socket })

  const before = await pager.map("image")
  await pager.load("image")
  const after = await pager.map("image")
  const attached = await pager.attachMemory(makeMemory({ initial: 16 }), "image")
  const explicit = await pager.map("image", { mode: "share" })

  assert.equal([before.mode, before.why], ["share", "not all of the image is resident"])
  assert.equal([after.mode, after.why], ["cow", "the whole image is resident"])
  assert.equal([attached.mode, attached.why], ["cow", "the whole image is resident"])
  assert.equal([explicit.mode, explicit.why], ["share", "asked for"])
  for (const { buffer } of [before, after, explicit]) {
    assert.is(findMismatch(new Uint8Array(buffer), 1, 0), -1)
  }
  await pager.close()
  await manager.stop()
})

test("copy in memory that cannot be replaced, and what is in the way", async () => {
  const manager = await startManager({ images: { image: patternFile(imageBytes, 1) } })
  const program = compileAgainstLibrary("attach_kinds.c")

  const { stdout } = await run(program, [manager.socket, "image"])

  const [plain, locked, closed, shared, holey] = stdout.split("\n")
  const copy = "the client can take copies only there; the memory at 0x\\w+ cannot be replaced"
  assert.is(plain, "plain: share: not all of the image is resident")
  assert.match(locked ?? "", new RegExp(`^locked: copy: ${copy}, it is locked in memory$`))
  assert.match(closed ?? "", new RegExp(`^closed: copy: ${copy}, it is not readable and writable$`))
  assert.is(shared, "shared: unsupported_memory")
  assert.is(holey, "holey: unsupported_memory")
  await manager.stop()
})

test("an explicit mode that the memory cannot have is refused with the same reason", async () => {
  const manager = await startManager({ images: { image: patternFile(imageBytes, 1) } })
  const pager = await connect({ socket: manager.socket })
  const memory = makeMemory({ initial: 16 })
  await pager.attachMemory(memory, "image", { mode: "share" })

  for (const mode of ["share", "cow"] as const) {
    const refusal = await pager.attachMemory(memory, "image", { mode }).catch((error) => error)
    assert.is(refusal.code, "unsupported_mode")
    assert.match(refusal.message, /cannot be replaced, it is a shared or file mapping$/)
  }

  await pager.close()
  await manager.stop()
})

test.run()
