import { test } from "uvu"
import * as assert from "uvu/assert"
import { guestImage } from "./guest_image.js"
import { hasKvm } from "./guest_modes.js"
import { startReferenceManager } from "./page_managers.js"
import { endStarted } from "./started.js"
import { startVmm } from "./vmm_program.js"

test.after.each(endStarted)

const mebibyte = 1 << 20
const pages = 4 * 256

test("each fault of a walk is one of its vCPU's thread, and none the VMM's", async () => {
  if (!hasKvm()) return
  const image = guestImage({ lengthBytes: 4 * mebibyte, seed: 1 })
  const manager = await startReferenceManager(image)
  const options = { socket: manager.socket, memory: [4 * mebibyte], image, vcpus: 2 }
  const vmm = await startVmm({ ...options, hasThreadIds: true })

  await vmm.order("walk", 0, pages, 1, 0)
  const { threads } = await manager.counts()

  const [first, second] = vmm.ready.vcpu_threads
  assert.is(vmm.ready.mode, "kvm")
  assert.equal(threads, { [`${first}`]: pages / 2, [`${second}`]: pages / 2 })
})

test("a device's faults are the VMM's own", async () => {
  const image = guestImage({ lengthBytes: 4 * mebibyte, seed: 1 })
  const manager = await startReferenceManager(image)
  const options = { socket: manager.socket, memory: [4 * mebibyte], image, isPaused: true }
  const vmm = await startVmm({ ...options, hasThreadIds: true })

  await vmm.order("inspect", 8, 4)
  const { threads } = await manager.counts()

  assert.equal(threads, { [`${vmm.ready.thread}`]: 4 })
})

test("where only user mode may fault, a guest's accesses fail and plain ones do not", async () => {
  if (!hasKvm()) return
  const image = guestImage({ lengthBytes: 4 * mebibyte, seed: 1 })
  const manager = await startReferenceManager(image)
  const options = { socket: manager.socket, memory: [4 * mebibyte], image, isUserModeOnly: true }
  const guest = await startVmm(options)
  const plain = await startVmm({ ...options, isPlain: true })

  const inKernel = await guest.order("walk", 0, 64, 1, 0)
  const inUserMode = await plain.order("walk", 0, 64, 1, 0)

  assert.equal([inKernel.accesses, inKernel.failed], [64, 64])
  assert.equal([inUserMode.accesses, inUserMode.failed, inUserMode.wrong], [64, 0, 0])
})

test.run()
