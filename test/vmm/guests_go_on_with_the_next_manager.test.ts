// Invariant 16.
// time limit: 180 s
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { startManager } from "../harness/manager.js"
import { guestImage } from "./guest_image.js"
import { guestModes } from "./guest_modes.js"
import { endStarted } from "./started.js"
import { listenForVms } from "./vm_listener.js"
import { startVmm } from "./vmm_program.js"

const test = suite()
test.after.each(endStarted)

const mebibyte = 1 << 20
const pageBytes = 4_096
const imageBytes = 64 * mebibyte
const pages = imageBytes / pageBytes
const kills = 4
const image = guestImage({
  lengthBytes: imageBytes,
  seed: 9,
  strideBytes: 8 * mebibyte,
  writtenBytes: 6 * mebibyte,
})

for (const { name, isPlain } of guestModes()) {
  test(`a guest meets ${kills} kills of its manager and no wrong byte (${name})`, async () => {
    const images = { vm: image }
    let manager = await startManager({ images })
    const socket = await listenForVms(manager, "vm")
    const vmm = await startVmm({ socket, image, isPlain, memory: [imageBytes], vcpus: 2 })
    await vmm.order("balloon", 0, 64)
    await vmm.order("write", 32, 64, 5)

    for (let kill = 0; kill < kills; kill += 1) {
      const first = 64 + kill * (pages / kills / 2)
      await vmm.order("start", "walk", first, pages / kills / 2, 1, kill)
      const { directory } = manager.paths
      await manager.kill()
      manager = await startManager({ images, directory })
      const walk = await vmm.order("wait")
      assert.is(walk.wrong, 0)
      assert.is(walk.failed, 0)
    }

    // What it gave back before the first kill, what it wrote, and the rest.
    const all = await vmm.order("inspect", 0, pages)
    assert.is(all.wrong, 0)
    assert.is(all.failed, 0)
    const again = await startVmm({ socket, image, isPlain, memory: [imageBytes] })
    assert.is((await again.order("inspect", 0, 64)).wrong, 0)
    await manager.stop()
  })
}

test.run()
