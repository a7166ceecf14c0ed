// Invariant 10.
import { test } from "uvu"
import * as assert from "uvu/assert"
import type { SessionView } from "../../manager/view.js"
import { startManager } from "../harness/manager.js"
import { retryUntil } from "../harness/retry.js"
import { guestImage } from "./guest_image.js"
import { endStarted } from "./started.js"
import { listenForVms } from "./vm_listener.js"
import { startVmm } from "./vmm_program.js"

test.after.each(endStarted)

const mebibyte = 1 << 20
const image = guestImage({ lengthBytes: mebibyte, seed: 1 })
const budgetMs = 20_000

test("a VMM that goes on talking is not read, is served, and its end is noticed", async () => {
  const manager = await startManager({ images: { vm: image } })
  const vm = { socket: await listenForVms(manager, "vm"), memory: [mebibyte], image }
  const vmm = await startVmm(vm)
  await vmm.order("walk", 0, 1, 1, 1)

  const { sent } = await vmm.order("chatter", 64 * mebibyte)
  const walk = await vmm.order("walk", 0, 256, 1, 1)
  await vmm.kill()

  // What a socket holds, and not a byte more.
  assert.ok(sent < 4 * mebibyte, `${sent} bytes were read`)
  assert.equal([walk.wrong, walk.failed], [0, 0])
  await retryUntil("the end of its session", budgetMs, async () => {
    return (await manager.debug.get<SessionView[]>("/v1/sessions")).length === 0
  })
  await manager.stop()
})

test.run()
