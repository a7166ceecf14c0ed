import { closeSync, openSync, readSync, truncateSync } from "node:fs"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { connect, type PagerdError } from "../../client/index.js"
import { startManager } from "../harness/manager.js"
import { findMismatch, patternFile } from "../harness/pattern.js"
import { retryUntil } from "../harness/retry.js"
import { bytesOf, makeMemory, wasmPageBytes } from "./wasm_memory.js"

const imageBytes = 16 * wasmPageBytes
const lastPage = imageBytes - 4096

/** read(2) into memory: a system call that meets a poisoned page fails, where code would die. */
function readInto(memory: Uint8Array): unknown {
  const file = openSync("/dev/urandom", "r")
  try {
    return readSync(file, memory, 0, 8, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code
  } finally {
    closeSync(file)
  }
}

for (const mode of ["copy", "share"] as const) {
  test(`pages lost with their file are counted, and fail calls, in mode ${mode}`, async () => {
    const path = patternFile(imageBytes, 5)
    const manager = await startManager({ images: { heap: path } })
    const pager = await connect({ socket: manager.socket })
    const memory = makeMemory({ initial: 16 })
    const paged = await pager.attachMemory(memory, "heap", { window: 4096, mode })
    const isFirstPageRight = () => findMismatch(bytesOf(memory, 4096), 5, 0) === -1
    assert.ok(isFirstPageRight())
    assert.equal(pager.poisoned, { pages: 0, message: "" })

    truncateSync(path, 0)
    const answer = readInto(bytesOf(memory).subarray(lastPage, lastPage + 8))
    const poisoned = await retryUntil("the notice", 10_000, () => {
      return pager.poisoned.pages > 0 && pager.poisoned
    })
    const codeOf = (error: PagerdError) => error.code
    const codes = [
      await paged.prefault().catch(codeOf),
      await paged.close().catch(codeOf),
      await pager.close().catch(codeOf),
    ]

    assert.is(answer, "EFAULT")
    assert.match(poisoned.message, /heap|chang/)
    assert.equal(codes, ["prefault_failed", "prefault_failed", "prefault_failed"])
    assert.ok(isFirstPageRight(), "what was there is still there")
    await manager.stop()
  })
}

test.run()
