import { test } from "uvu"
import * as assert from "uvu/assert"
import { guestImage } from "./guest_image.js"
import { startReferenceManager } from "./page_managers.js"
import { endStarted } from "./started.js"
import { startVmm } from "./vmm_program.js"

test.after.each(endStarted)

const lengthBytes = 1 << 20

test("orders that make no sense are refused, and the VM goes on", async () => {
  const image = guestImage({ lengthBytes, seed: 1 })
  const manager = await startReferenceManager(image)
  const vmm = await startVmm({ socket: manager.socket, memory: [lengthBytes], image })

  for (const order of ["walk 0 257 1 0", "walk 0 1", "balloon 256 1", "wait", "fly 1", "walk a"]) {
    const refusal = await vmm.order(order).catch(({ message }) => message)
    assert.match(String(refusal), /refused/, order)
  }

  assert.is((await vmm.order("walk", 0, 256, 1, 0)).wrong, 0)
})

test("the VMM's thread leaves memory alone while the guest writes it", async () => {
  const image = guestImage({ lengthBytes, seed: 1 })
  const manager = await startReferenceManager(image)
  const vmm = await startVmm({ socket: manager.socket, memory: [lengthBytes], image })

  await vmm.order("start", "write", 0, 256, 1)
  for (const order of ["balloon 0 8", "inspect 0 8"]) {
    const refusal = await vmm.order(order).catch(({ message }) => message)
    assert.match(String(refusal), /the guest writes meanwhile/)
  }

  assert.is((await vmm.order("wait")).writes, 256)
})

test.run()
