import { closeSync, openSync, readFileSync, readSync } from "node:fs"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { connect } from "../../client/index.js"
import { startManager } from "../harness/manager.js"
import { findMismatch, patternFile } from "../harness/pattern.js"
import { loaderOf } from "./wasm_code.js"
import { bytesOf, makeMemory, wasmPageBytes } from "./wasm_memory.js"

const page = 4096
const initial = 16
const imageBytes = initial * wasmPageBytes
const grownPages = 512
/** Where the kernel makes huge pages by itself, one touch brings that many. */
const isHuge = /\[always\]/.test(
  readFileSync("/sys/kernel/mm/transparent_hugepage/enabled", "latin1"),
)
const pagesOfOneTouch = isHuge ? 512 : 1

/** Pages of a range of this process's memory that are in memory. */
function presentPages(address: bigint, lengthBytes: number): number {
  const records = new BigUint64Array(lengthBytes / page)
  const file = openSync("/proc/self/pagemap", "r")
  readSync(file, new Uint8Array(records.buffer), 0, records.byteLength, (address / 4096n) * 8n)
  closeSync(file)
  return records.filter((record) => record >> 63n === 1n).length
}

for (const mode of ["copy", "share", "cow"] as const) {
  test(`in mode ${mode}, and out of bounds traps as ever`, async () => {
    const manager = await startManager({ images: { heap: patternFile(imageBytes, 1) } })
    const pager = await connect({ socket: manager.socket })
    await pager.load("heap")
    const memory = makeMemory({ initial, maximum: 4 * grownPages })
    const load = await loaderOf(memory)
    const paged = await pager.attachMemory(memory, "heap", { mode })
    const grownAddress = paged.address + BigInt(imageBytes)
    const trapsAt = (address: number) => assert.throws(() => load(address), /out of bounds/)

    assert.is(paged.mode, mode)
    for (const address of [imageBytes, imageBytes + grownPages * wasmPageBytes, -1])
      trapsAt(address)
    assert.is(memory.grow(grownPages), initial)
    assert.is(presentPages(grownAddress, grownPages * wasmPageBytes), 0)
    assert.is(load(imageBytes), 0)
    assert.is(load(imageBytes + grownPages * wasmPageBytes - 1), 0)
    bytesOf(memory)[imageBytes + 8 * wasmPageBytes] = 7
    assert.is(load(imageBytes + 8 * wasmPageBytes), 7)
    assert.ok(presentPages(grownAddress, grownPages * wasmPageBytes) <= 3 * pagesOfOneTouch)
    for (const address of [imageBytes + grownPages * wasmPageBytes, -1]) trapsAt(address)

    // The image is as it was, a reset leaves alone what was grown, and the end leaves it all.
    assert.is(findMismatch(bytesOf(memory, imageBytes), 1, 0), -1)
    bytesOf(memory)[page] = 9
    paged.reset()
    assert.is(findMismatch(bytesOf(memory, imageBytes), 1, 0), -1)
    assert.is(load(imageBytes + 8 * wasmPageBytes), 7)
    await paged.close()
    assert.is(findMismatch(bytesOf(memory, imageBytes), 1, 0), -1)
    assert.is(memory.grow(1), initial + grownPages)
    assert.is(load(imageBytes + grownPages * wasmPageBytes), 0)
    trapsAt(imageBytes + (grownPages + 1) * wasmPageBytes)
    await pager.close()
    await manager.stop()
  })
}

test.run()
