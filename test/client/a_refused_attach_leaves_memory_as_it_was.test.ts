import { closeSync, ftruncateSync, openSync, unlinkSync } from "node:fs"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { connect, type PagedMemory, type PagerdError } from "../../client/index.js"
import { startManager } from "../harness/manager.js"
import { findMismatch, patternFile } from "../harness/pattern.js"
import { imageFound, type Reaction, ScriptedManager } from "./scripted_manager.js"
import { bytesOf, makeMemory, wasmPageBytes } from "./wasm_memory.js"

const imageBytes = 4 * wasmPageBytes
const codeOf = (attached: Promise<PagedMemory>) =>
  attached.then(
    () => "attached",
    (error: PagerdError) => error.code,
  )

/** Its first quarter was written, the rest was never touched. */
function writtenMemory() {
  const memory = makeMemory({ initial: 4 })
  bytesOf(memory).fill(8, 0, wasmPageBytes)
  return memory
}

const changedByte = (bytes: Uint8Array) =>
  bytes.findIndex((byte, at) => byte !== (at < wasmPageBytes ? 8 : 0))

/** A file of shared memory with an image's length, as the manager hands them out. */
function sharedMemoryFile(): number {
  const path = `/dev/shm/pagerd-test-${process.pid}`
  const file = openSync(path, "w+")
  ftruncateSync(file, imageBytes)
  unlinkSync(path)
  return file
}

for (const mode of ["copy", "share", "cow"] as const) {
  test(`a map that the manager refuses, or takes in another mode than ${mode}`, async () => {
    const file = sharedMemoryFile()
    const found = { ...imageFound, length_bytes: BigInt(imageBytes), mode, file: true }
    const image = (request: number): Reaction[] => [{ ...found, request }]
    const other = mode === "copy" ? "share" : "copy"
    const answers: ((request: number) => Reaction[])[] = [
      (request) => [{ type: "error", request, code: "too_many_regions", message: "No room" }],
      (request) => [{ type: "mapped", request, region: 1, mode: other, why: "" }],
    ]
    const codes: string[] = []

    for (const map of answers) {
      const manager = new ScriptedManager({ image, map }, [file])
      const pager = await connect({ socket: manager.socket })
      const memory = writtenMemory()
      codes.push(await codeOf(pager.attachMemory(memory, "image", { mode })))
      assert.is(changedByte(bytesOf(memory)), -1)
      bytesOf(memory).fill(3)
      await pager.close()
      assert.ok(bytesOf(memory).every((byte) => byte === 3))
      manager.close()
    }

    assert.equal(codes, ["too_many_regions", "unsupported_mode"])
    closeSync(file)
  })
}

test("what the manager refuses before, and what overlaps a region", async () => {
  const manager = await startManager({ images: { heap: patternFile(imageBytes, 3) } })
  const pager = await connect({ socket: manager.socket })
  const memory = writtenMemory()
  const attach = (mode: "auto" | "copy" | "share" | "cow") =>
    codeOf(pager.attachMemory(memory, "heap", { mode }))

  const notLoaded = await attach("cow")
  assert.is(changedByte(bytesOf(memory)), -1)
  for (const first of ["copy", "share"] as const) {
    const paged = await pager.attachMemory(memory, "heap", { mode: first })
    const others = [await attach("auto"), await attach("copy")]

    assert.equal(others, ["region_overlap", "region_overlap"])
    assert.is(findMismatch(bytesOf(memory), 3, 0), -1, "the region it overlaps is still served")
    await paged.close()
  }

  assert.is(notLoaded, "not_resident")
  await pager.close()
  await manager.stop()
})

test("another client's region in the same memory is left alone", async () => {
  const manager = await startManager({ images: { heap: patternFile(imageBytes, 3) } })
  const [pager, other] = [await connect(manager), await connect(manager)]
  await pager.load("heap")
  const memory = makeMemory({ initial: 4 })
  const paged = await pager.attachMemory(memory, "heap", { mode: "copy" })

  const codes: string[] = []
  for (const mode of ["copy", "share", "cow"] as const) {
    // The first region makes the other client's userfaultfd.
    await other.map("heap", { mode: "share" })
    codes.push(await codeOf(other.attachMemory(memory, "heap", { mode })))
  }

  assert.equal(codes, ["region_overlap", "region_overlap", "region_overlap"])
  assert.is(findMismatch(bytesOf(memory), 3, 0), -1)
  paged.reset()
  assert.is(findMismatch(bytesOf(memory), 3, 0), -1, "it is still served")
  await Promise.all([pager.close(), other.close()])
  await manager.stop()
})

test.run()
