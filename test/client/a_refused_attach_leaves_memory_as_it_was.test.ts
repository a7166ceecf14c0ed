import { test } from "uvu"
import * as assert from "uvu/assert"
import { connect } from "../../client/index.js"
import { startManager } from "../harness/manager.js"
import { findMismatch, patternFile } from "../harness/pattern.js"
import { bytesOf, makeMemory, wasmPageBytes } from "./wasm_memory.js"

test("a refused attach changes no byte and costs no other region", async () => {
  const image = patternFile(4 * wasmPageBytes, 3)
  const manager = await startManager({ images: { heap: image } })
  const pager = await connect({ socket: manager.socket })
  const memory = makeMemory({ initial: 4 })
  const bytes = bytesOf(memory)
  bytes.fill(8, 0, wasmPageBytes)

  const byManager = await pager.attachMemory(memory, "heap", { mode: "cow" }).catch((e) => e)
  const untouched = bytes.findIndex((byte, at) => byte !== (at < wasmPageBytes ? 8 : 0))
  const paged = await pager.attachMemory(memory, "heap")
  const byLibrary = await pager.attachMemory(memory, "heap").catch((e) => e)

  assert.is(byManager.code, "not_resident")
  assert.is(untouched, -1)
  assert.is(byLibrary.code, "region_overlap")
  assert.is(findMismatch(bytes, 3, 0), -1, "the region it overlaps is still served")
  await paged.close()
  await pager.close()
  await manager.stop()
})

test.run()
