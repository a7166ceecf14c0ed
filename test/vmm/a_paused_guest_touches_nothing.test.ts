import { test } from "uvu"
import * as assert from "uvu/assert"
import { guestImage } from "./guest_image.js"
import { startReferenceManager } from "./page_managers.js"
import { endStarted } from "./started.js"
import { startVmm } from "./vmm_program.js"

test.after.each(endStarted)

const lengthBytes = 1 << 20

test("between the message and the resume there are no faults, and none while paused", async () => {
  const image = guestImage({ lengthBytes, seed: 1 })
  const manager = await startReferenceManager(image)
  const options = { socket: manager.socket, memory: [lengthBytes], image }
  const vmm = await startVmm({ ...options, isPaused: true })

  const refusal = await vmm.order("walk", 0, 256, 1, 0).catch(({ message }) => message)
  const before = await manager.counts()
  await vmm.order("resume")
  const walk = await vmm.order("walk", 0, 128, 1, 0)
  await vmm.order("pause")
  const again = await vmm.order("walk", 128, 128, 1, 0).catch(({ message }) => message)
  const after = await manager.counts()

  assert.match(refusal, /the guest is paused/)
  assert.match(again, /the guest is paused/)
  assert.equal([before.faults, walk.wrong, after.faults], [0, 0, 128])
})

test.run()
