import { test } from "uvu"
import * as assert from "uvu/assert"
import { connect } from "../../client/index.js"
import type { RegionView } from "../../manager/view.js"
import { startManager } from "../harness/manager.js"
import { findMismatch, patternFile } from "../harness/pattern.js"
import { retryUntil } from "../harness/retry.js"
import { bytesOf, makeMemory, wasmPageBytes } from "./wasm_memory.js"

const imageBytes = 100 * wasmPageBytes + 4_097
const initial = 102
const seed = 7
/** Of the default window, and what an early guess at a streak may add. */
const windowPagesMax = 64

for (const [mode, shared] of [
  ["copy", false],
  ["copy", true],
  ["share", false],
  ["share", true],
] as const) {
  const kind = shared ? "shared" : "plain"
  test(`a ${kind} memory in mode ${mode} pages in, grows, resets, is let go`, async () => {
    const manager = await startManager({ images: { heap: patternFile(imageBytes, seed) } })
    const pager = await connect({ socket: manager.socket })
    const memory = makeMemory({ initial, maximum: 200, shared })
    bytesOf(memory).fill(1)
    bytesOf(memory)[101 * wasmPageBytes] = 99

    const paged = await pager.attachMemory(memory, "heap", { mode })
    const residentPages = async (): Promise<number> => {
      const [region] = await manager.debug.get<RegionView[]>("/v1/regions")
      return region?.resident_pages ?? -1
    }
    assert.is(paged.byteLength, imageBytes)
    assert.is(paged.mode, mode)
    assert.is(await residentPages(), 0)
    assert.is(findMismatch(bytesOf(memory, 8), seed, 0), -1)
    // The count follows the page.
    const touched = await retryUntil("pages", 5_000, async () => (await residentPages()) || false)
    assert.ok(touched <= windowPagesMax, `one touch brought ${touched} pages`)

    const grownFrom = memory.grow(10)
    const grown = bytesOf(memory)
    grown[grownFrom * wasmPageBytes] = 5
    assert.is(findMismatch(bytesOf(memory, imageBytes), seed, 0), -1)
    assert.is(grown[grownFrom * wasmPageBytes], 5)
    assert.is(grown[101 * wasmPageBytes], 99, "what lies behind the image is left alone")

    bytesOf(memory).fill(2)
    paged.reset()
    bytesOf(memory)[wasmPageBytes] = 3
    await paged.close()
    await pager.close()
    await manager.kill()

    // Nobody is left who could serve a fault: all of it has been here since close().
    const kept = wasmPageBytes + 8
    assert.is(bytesOf(memory)[wasmPageBytes], 3)
    assert.is(findMismatch(bytesOf(memory, imageBytes).subarray(kept), seed, kept), -1)
    assert.is(findMismatch(bytesOf(memory, wasmPageBytes), seed, 0), -1)
  })
}

test("a memory that is shorter than the image is refused, and both lengths are named", async () => {
  const manager = await startManager({ images: { heap: patternFile(imageBytes, seed) } })
  const pager = await connect({ socket: manager.socket })
  const memory = makeMemory({ initial: 1 })

  const refusal = await pager.attachMemory(memory, "heap").catch((error) => error)

  assert.is(refusal.code, "region_too_long")
  assert.match(refusal.message, /6561792 bytes/)
  assert.match(refusal.message, /has 65536/)
  await pager.close()
  await manager.stop()
})

test.run()
