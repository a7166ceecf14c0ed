import { suite } from "uvu"
import * as assert from "uvu/assert"
import { guestImage } from "./guest_image.js"
import { guestModes } from "./guest_modes.js"
import { type Mistake, startNaiveManager } from "./page_managers.js"
import { endStarted } from "./started.js"
import { startVmm, type Vmm } from "./vmm_program.js"

const test = suite()
test.after.each(endStarted)
const mebibyte = 1 << 20
const pages = 2 * 256

async function served(isPlain: boolean, ...mistakes: Mistake[]): Promise<Vmm> {
  const image = guestImage({ lengthBytes: 2 * mebibyte, seed: 1, writtenBytes: 2 * mebibyte })
  const manager = await startNaiveManager(image, mistakes)
  return startVmm({ socket: manager.socket, memory: [mebibyte, mebibyte], image, isPlain })
}

for (const { name, isPlain } of guestModes()) {
  test(`a manager without mistakes costs no wrong word (${name})`, async () => {
    const vmm = await served(isPlain)

    const walk = await vmm.order("walk", 0, pages, 1, 0)

    assert.equal([walk.accesses, walk.wrong, walk.failed], [pages, 0, 0])
  })

  test(`a changed bit is a wrong word, told with its place (${name})`, async () => {
    const vmm = await served(isPlain, "flips-bits")

    const walk = await vmm.order("walk", 0, pages, 1, 0)
    const whole = await vmm.order("inspect", 0, pages)

    assert.equal([walk.wrong, whole.wrong], [pages / 16, pages / 16])
    assert.is(walk.first_wrong?.address, "0x3000")
    const { found, wanted } = walk.first_wrong ?? { found: "0", wanted: "0" }
    assert.is(BigInt(found) ^ BigInt(wanted), 1n)
  })

  test(`a walk's seed chooses which word of a page is read (${name})`, async () => {
    const vmm = await served(isPlain, "flips-bits") // in one word of eight

    let wrong = 0
    for (let seed = 1; seed <= 8; seed++)
      wrong += (await vmm.order("walk", 0, pages, 1, seed)).wrong

    const ofAllWords = (8 * pages) / 16
    assert.ok(wrong > ofAllWords / 16 && wrong < ofAllWords / 4, `${wrong} of ${ofAllWords}`)
  })

  test(`pages of another region are wrong, each of them (${name})`, async () => {
    const vmm = await served(isPlain, "ignores-offset")

    const first = await vmm.order("walk", 0, 256, 1, 3)
    const second = await vmm.order("walk", 256, 256, 1, 3)

    assert.equal([first.wrong, second.wrong], [0, 256])
  })

  test(`poisoned pages are accesses that failed, and the rest goes on (${name})`, async () => {
    const vmm = await served(isPlain, "poisons-pages")

    const walk = await vmm.order("walk", 0, pages, 1, 0)
    const whole = await vmm.order("inspect", 0, pages)

    assert.equal([walk.accesses, walk.failed, walk.wrong], [pages, pages / 16, 0])
    assert.is(walk.first_failed?.address, "0x5000")
    assert.equal([whole.failed, whole.wrong], [pages / 16, 0])
  })
}

test.run()
