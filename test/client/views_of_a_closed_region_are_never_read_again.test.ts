import { test } from "uvu"
import * as assert from "uvu/assert"
import { connect } from "../../client/index.js"
import { startManager } from "../harness/manager.js"
import { patternBytes, patternFile } from "../harness/pattern.js"
import { runToItsEnd } from "./crashing_child.js"

const lengthBytes = 1 << 20
const canDetach = "transfer" in ArrayBuffer.prototype

test("a view kept past close() is empty, or its reader crashes; it reads no bytes", async () => {
  const manager = await startManager({ images: { model: patternFile(lengthBytes, 1) } })

  const { signal, stdout } = runToItsEnd("stale_view_child.js", manager.socket, "model")

  const before = `before: ${patternBytes(1, 0, 1)[0]} ${patternBytes(1, 4096, 1)[0]}\n`
  assert.is(stdout, canDetach ? `${before}after: undefined undefined\n` : before)
  assert.is(signal, canDetach ? null : "SIGSEGV")
  await manager.stop()
})

test("a closed region and a closed pager say so", async () => {
  const manager = await startManager({ images: { model: patternFile(lengthBytes, 1) } })
  const pager = await connect({ socket: manager.socket })
  const region = await pager.map("model")
  const isClosed = (error: { code?: string }) => error.code === "closed"

  await Promise.all([region.prefault(), region.close(), region.close()])
  await region.close()

  assert.throws(() => region.buffer, isClosed)
  assert.throws(() => region.view(0, 1), isClosed)
  assert.throws(() => region.reset(), isClosed)
  assert.ok(isClosed(await region.prefault().catch((error) => error)))
  await pager.close()
  await pager.close()
  assert.ok(isClosed(await pager.map("model").catch((error) => error)))
  assert.throws(() => pager.poisoned, isClosed)
  await manager.stop()
})

test.run()
