// time limit: 120 s

import { suite } from "uvu"
import * as assert from "uvu/assert"
import { guestImage } from "./guest_image.js"
import { guestModes } from "./guest_modes.js"
import { type PageManager, startNaiveManager, startReferenceManager } from "./page_managers.js"
import { endStarted } from "./started.js"
import { startVmm, type Vmm } from "./vmm_program.js"

const test = suite()
test.after.each(endStarted)
const mebibyte = 1 << 20
const pages = 8 * 256

/** A VM over an image without a zero page. */
async function startGuest(
  isPlain: boolean,
  start: (image: string) => Promise<PageManager>,
): Promise<Vmm> {
  const lengthBytes = 8 * mebibyte
  const image = guestImage({ lengthBytes, seed: 1, writtenBytes: 4 * mebibyte })
  const manager = await start(image)
  const memory = [4 * mebibyte, 4 * mebibyte]
  return startVmm({ socket: manager.socket, memory, image, vcpus: 2, isPlain })
}

for (const { name, isPlain } of guestModes()) {
  test(`what the balloon took reads as zeros, touched before or not (${name})`, async () => {
    const vmm = await startGuest(isPlain, startReferenceManager)
    await vmm.order("walk", 500, 300, 1, 2)
    await vmm.order("write", 500, 100, 9)

    await vmm.order("balloon", 400, 1000)
    const walk = await vmm.order("walk", 0, pages, 1, 3)
    const check = await vmm.order("check", 0, pages)

    assert.equal([walk.wrong, check.wrong], [0, 0])
  })

  test(`what is written after the balloon stays (${name})`, async () => {
    const vmm = await startGuest(isPlain, startReferenceManager)
    await vmm.order("balloon", 0, pages)

    await vmm.order("write", 0, pages, 4)
    const whole = await vmm.order("inspect", 0, pages)

    assert.equal([whole.wrong, whole.failed], [0, 0])
  })

  test(`the balloon inflates while the guest faults (${name})`, async () => {
    const vmm = await startGuest(isPlain, startReferenceManager)

    await vmm.order("start", "walk", 0, pages, 1, 5)
    for (let page = 0; page < pages; page += 64) await vmm.order("balloon", page, 32)
    const during = await vmm.order("wait")
    const after = await vmm.order("inspect", 0, pages)

    assert.equal([during.wrong, after.wrong], [0, 0])
  })

  test(`a manager that ignores removals brings stale bytes, and it shows (${name})`, async () => {
    const vmm = await startGuest(isPlain, (image) => startNaiveManager(image, ["ignores-remove"]))

    await vmm.order("balloon", 100, 50)
    const walk = await vmm.order("walk", 0, pages, 1, 0)

    assert.is(walk.wrong, 50)
    assert.is(walk.first_wrong?.wanted, "0x0")
  })
}

test.run()
