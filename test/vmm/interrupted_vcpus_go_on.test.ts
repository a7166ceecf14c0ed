import { suite } from "uvu"
import * as assert from "uvu/assert"
import { guestImage } from "./guest_image.js"
import { guestModes } from "./guest_modes.js"
import { startReferenceManager } from "./page_managers.js"
import { endStarted } from "./started.js"
import { startVmm } from "./vmm_program.js"

const test = suite()
test.after.each(endStarted)

const lengthBytes = 1 << 20

for (const { name, isPlain } of guestModes()) {
  test(`kicks while vCPUs wait for a slow source change nothing (${name})`, async () => {
    const image = guestImage({ lengthBytes, seed: 1, writtenBytes: lengthBytes })
    const manager = await startReferenceManager(image, { delayUs: 1000 })
    const options = { socket: manager.socket, memory: [lengthBytes], image, vcpus: 2, isPlain }
    const vmm = await startVmm(options)

    await vmm.order("start", "random", 600, 1, 50)
    for (let i = 0; i < 10; i++) await vmm.order("kick", 20)
    const random = await vmm.order("wait")
    const whole = await vmm.order("inspect", 0, 256)
    const { interruptions } = await vmm.order("stat")

    assert.equal([random.accesses, random.wrong, random.failed, whole.wrong], [600, 0, 0, 0])
    if (!isPlain) assert.ok(interruptions > 0, "no kick came while KVM_RUN ran")
  })
}

test.run()
