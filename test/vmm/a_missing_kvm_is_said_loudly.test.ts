import { test } from "uvu"
import * as assert from "uvu/assert"
import { guestImage } from "./guest_image.js"
import { startReferenceManager } from "./page_managers.js"
import { endStarted } from "./started.js"
import { startVmm } from "./vmm_program.js"

test.after.each(endStarted)

const lengthBytes = 1 << 20

for (const [kvm, reason] of [
  ["/nonexistent/kvm", "/nonexistent/kvm: No such file or directory"],
  ["/dev/null", "KVM_CREATE_VM: Inappropriate ioctl for device"],
] as const) {
  test(`a VM without KVM (${kvm}) runs plainly, and says why in two places`, async () => {
    const image = guestImage({ lengthBytes, seed: 1 })
    const manager = await startReferenceManager(image)

    const vmm = await startVmm({ socket: manager.socket, memory: [lengthBytes], image, kvm })
    const walk = await vmm.order("walk", 0, 256, 1, 1)
    await vmm.quit()

    assert.equal([vmm.ready.mode, vmm.ready.why_plain], ["plain", reason])
    assert.ok(vmm.process.stderr.includes(`NO KVM`) && vmm.process.stderr.includes(reason))
    assert.equal([walk.accesses, walk.wrong], [256, 0])
  })
}

test.run()
