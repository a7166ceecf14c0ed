import { suite } from "uvu"
import * as assert from "uvu/assert"
import { guestImage } from "./guest_image.js"
import { guestModes } from "./guest_modes.js"
import { endStarted } from "./started.js"
import { startVmm } from "./vmm_program.js"

const test = suite()
test.after.each(endStarted)

const mebibyte = 1 << 20
const image = guestImage({ lengthBytes: 6 * mebibyte - 100, seed: 1 })

for (const { name, isPlain } of guestModes()) {
  test(`memory is the file's, private, and zeros beyond it (${name})`, async () => {
    const memory = [2 * mebibyte, 5 * mebibyte]
    const first = await startVmm({ memory, image, isPlain })

    await first.order("write", 0, 256, 5)
    await first.order("balloon", 200, 600)
    const written = await first.order("inspect", 0, 7 * 256)
    const second = await startVmm({ memory, image, isPlain })
    const fresh = await second.order("walk", 0, 7 * 256, 1, 3)

    assert.equal([written.wrong, written.failed, fresh.wrong, fresh.failed], [0, 0, 0, 0])
    assert.is(first.ready.message, null)
  })
}

test("its totals are the sums of its orders", async () => {
  const vmm = await startVmm({ memory: [6 * mebibyte], image })

  const walk = await vmm.order("walk", 0, 100, 1, 1)
  const write = await vmm.order("write", 50, 150, 2)
  const all = await vmm.order("stat")

  assert.equal([all.accesses, all.writes, all.wrong, all.touched], [250, 150, 0, 200])
  assert.is(all.took_ns, walk.took_ns + write.took_ns)
})

test.run()
