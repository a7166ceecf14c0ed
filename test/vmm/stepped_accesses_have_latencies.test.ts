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
const delayUs = 2000

for (const { name, isPlain } of guestModes()) {
  test(`a slow source is seen in each access that faults, and in no other (${name})`, async () => {
    const image = guestImage({ lengthBytes, seed: 1, writtenBytes: lengthBytes })
    const manager = await startReferenceManager(image, { delayUs })
    const options = { socket: manager.socket, memory: [lengthBytes], image, isStepped: true }
    const vmm = await startVmm({ ...options, isPlain })

    const first = await vmm.order("walk", 0, 64, 1, 1)
    const again = await vmm.order("walk", 0, 64, 1, 2)

    assert.equal([first.wrong, again.wrong], [0, 0])
    assert.ok((first.latency_ns?.p50 ?? 0) >= delayUs * 1000, String(first.latency_ns?.p50))
    assert.ok((again.latency_ns?.p50 ?? Number.NaN) < delayUs * 1000)
    assert.ok((first.latency_ns?.p99 ?? 0) <= (first.latency_ns?.max ?? 0))
  })
}

test("accesses in batches have no latencies of their own", async () => {
  const image = guestImage({ lengthBytes, seed: 1 })
  const manager = await startReferenceManager(image)
  const vmm = await startVmm({ socket: manager.socket, memory: [lengthBytes], image })

  const walk = await vmm.order("walk", 0, 64, 1, 1)

  assert.is(walk.latency_ns, null)
  assert.ok(walk.took_ns > 0)
})

test.run()
