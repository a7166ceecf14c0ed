// Invariant 6.
import { test } from "uvu"
import * as assert from "uvu/assert"
import { connect } from "../../client/index.js"
import { addressOf } from "../../client/paged_memory.js"
import { startManager } from "../harness/manager.js"
import { patternBytes, patternFile } from "../harness/pattern.js"
import { discardMemory } from "../manager/own_memory.js"
import { ScriptedManager } from "./scripted_manager.js"
import { bytesOf, makeMemory, wasmPageBytes } from "./wasm_memory.js"

const page = 4096
const imageBytes = 4 * wasmPageBytes
const seed = 83
const expected = patternBytes(seed, 0, imageBytes)
const images = { image: patternFile(imageBytes, seed) }

function expectPages(bytes: Uint8Array, from: number, to: number, wanted: Uint8Array): void {
  const found = Buffer.from(bytes.subarray(from * page, to * page))
  assert.ok(found.equals(wanted.subarray(from * page, to * page)), `from page ${from}`)
}

const zeros = Buffer.alloc(imageBytes)
const pages = imageBytes / page

test("an attached memory has them, and keeps them when it is let go", async () => {
  const manager = await startManager({ images })
  const pager = await connect({ socket: manager.socket })
  const memory = makeMemory({ initial: 4, maximum: 4, shared: false })
  const paged = await pager.attachMemory(memory, "image", { onDiscard: "zero" })

  expectPages(bytesOf(memory), 0, 4, expected)
  discardMemory(addressOf(memory) + BigInt(2 * page), 6 * page)
  await paged.close()
  await pager.close()
  await manager.kill()

  expectPages(bytesOf(memory), 0, 2, expected)
  expectPages(bytesOf(memory), 2, 8, zeros)
  expectPages(bytesOf(memory), 8, pages, expected)
})

test("a mapped region has them until it is reset, for the next manager too", async () => {
  const first = await startManager({ images })
  const pager = await connect({ socket: first.socket })
  const region = await pager.map("image", { onDiscard: "zero" })
  assert.match(region.why, /discarded pages are to read as zeros/)
  const bytes = new Uint8Array(region.buffer)
  discardMemory(addressOf({ buffer: region.buffer }), 4 * page)
  // Served after what was read before it: the manager is not killed in the middle of that.
  expectPages(bytes, 0, 1, zeros)
  await first.kill()

  const second = await startManager({ images, directory: first.paths.directory })
  expectPages(bytes, 1, 4, zeros)
  expectPages(bytes, 4, 8, expected)
  discardMemory(addressOf({ buffer: region.buffer }) + BigInt(8 * page), 4 * page)
  expectPages(bytes, 8, 12, zeros)
  expectPages(bytes, 12, 16, expected)
  region.reset()

  expectPages(bytes, 0, pages, expected)
  await pager.close()
  await second.stop()
})

test("a manager that does not know of them is told apart, and a word that is none", async () => {
  const older = new ScriptedManager({})
  const pager = await connect({ socket: older.socket })

  const refusal = await pager.map("image", { onDiscard: "zero" }).catch((error) => error)
  assert.is(refusal.code, "unsupported_discard")
  assert.match(refusal.message, /does not know on_discard: it is older than this library/)
  const wrong = await pager.map("image", { onDiscard: "zer" as "zero" }).catch((error) => error)
  assert.match(wrong.message, /onDiscard is zer, wanted image or zero/)
  await pager.close()
  older.close()
})

test.run()
