// time limit: 180 s

import { suite } from "uvu"
import * as assert from "uvu/assert"
import { guestImage } from "./guest_image.js"
import { guestModes, hasKvm } from "./guest_modes.js"
import { startReferenceManager } from "./page_managers.js"
import { endStarted } from "./started.js"
import { startVmm } from "./vmm_program.js"

const test = suite()
test.after.each(endStarted)
const mebibyte = 1 << 20

test("every page of two regions reads as the image through KVM, and faults once", async () => {
  if (!hasKvm()) return
  const image = guestImage({ lengthBytes: 48 * mebibyte, seed: 1 })
  const manager = await startReferenceManager(image)
  const memory = [16 * mebibyte, 32 * mebibyte]
  const vmm = await startVmm({ socket: manager.socket, memory, image, vcpus: 2 })
  assert.is(vmm.ready.mode, "kvm", vmm.ready.why_plain ?? "")

  const walk = await vmm.order("walk", 0, vmm.ready.pages, 1, 7)
  const whole = await vmm.order("inspect", 0, vmm.ready.pages)

  assert.is(vmm.ready.pages, 48 * 256)
  assert.equal([walk.accesses, walk.wrong, walk.failed], [48 * 256, 0, 0])
  assert.equal([whole.accesses, whole.wrong, whole.failed], [48 * 256, 0, 0])
  assert.is((await manager.counts()).faults, 48 * 256)
})

test("two gibibytes are within a guest's reach", async () => {
  if (!hasKvm()) return
  const image = guestImage({
    lengthBytes: 2048 * mebibyte,
    seed: 2,
    strideBytes: 64 * mebibyte,
    writtenBytes: 64 << 10,
  })
  const manager = await startReferenceManager(image)
  const memory = [2048 * mebibyte]
  const vmm = await startVmm({ socket: manager.socket, memory, image })

  const strided = await vmm.order("walk", 3, 4096, 128, 9)
  const last = await vmm.order("walk", vmm.ready.pages - 1, 1, 1, 0)

  assert.equal([strided.accesses, strided.wrong, last.wrong], [4096, 0, 0])
  assert.is((await vmm.order("stat")).touched, 4097)
})

for (const { name, isPlain } of guestModes()) {
  test(`random reads and writes find what they should (${name})`, async () => {
    const image = guestImage({ lengthBytes: 16 * mebibyte, seed: 3, strideBytes: 2 * mebibyte })
    const manager = await startReferenceManager(image)
    const options = { socket: manager.socket, memory: [16 * mebibyte], image, vcpus: 2 }
    const vmm = await startVmm({ ...options, isPlain })

    const random = await vmm.order("random", 20_000, 5, 30)
    await vmm.order("write", 100, 200, 77)
    const check = await vmm.order("check", 0, vmm.ready.pages)
    const whole = await vmm.order("inspect", 0, vmm.ready.pages)

    assert.ok(random.writes > 5000 && random.writes < 7000, String(random.writes))
    assert.equal([random.wrong, check.wrong, whole.wrong], [0, 0, 0])
    assert.is(vmm.ready.mode, name)
  })

  test(`vCPUs that want the same pages at once all get them (${name})`, async () => {
    const image = guestImage({ lengthBytes: 8 * mebibyte, seed: 4, writtenBytes: 4 * mebibyte })
    const manager = await startReferenceManager(image)
    const options = { socket: manager.socket, memory: [8 * mebibyte], image, vcpus: 4 }
    const vmm = await startVmm({ ...options, isPlain })

    const storm = await vmm.order("storm", 0, 2048, 6)

    assert.equal([storm.accesses, storm.wrong, storm.failed], [4 * 2048, 0, 0])
  })
}

test.run()
