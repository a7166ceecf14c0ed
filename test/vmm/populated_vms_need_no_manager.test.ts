// Invariant 2.
// Invariant 16.
// time limit: 120 s
import { readdirSync } from "node:fs"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { startManager } from "../harness/manager.js"
import { scratchDirectory } from "../harness/scratch.js"
import { setOf } from "../working_sets/runs.js"
import { guestImage } from "./guest_image.js"
import { guestModes } from "./guest_modes.js"
import { awaitNoSession, awaitPopulation, onlySession } from "./population.js"
import { endStarted } from "./started.js"
import { listenForVms } from "./vm_listener.js"
import { startVmm, type Vmm } from "./vmm_program.js"

const test = suite()
test.after.each(endStarted)

const mebibyte = 1 << 20
const pagesPerMebibyte = 256
const image = guestImage({ lengthBytes: 20 * mebibyte, seed: 21, writtenBytes: 2 * mebibyte })
const images = { vm: image }
/** More than the image has: memory that was plugged in after the snapshot. */
const memory = [8 * mebibyte, 16 * mebibyte]
const dataBytes = 10 * mebibyte

async function checkAll(vmm: Vmm): Promise<void> {
  const all = await vmm.order("inspect", 0, vmm.ready.pages)
  assert.equal([all.accesses, all.wrong, all.failed], [vmm.ready.pages, 0, 0])
}

for (const { name, isPlain } of guestModes()) {
  test(`nothing comes back after kill -9, and the guest misses no page (${name})`, async () => {
    const manager = await startManager({ images })
    const populate_bytes_per_second = 32 * mebibyte
    const socket = await listenForVms(manager, "vm", { populate_bytes_per_second })
    const vmm = await startVmm({ socket, image, isPlain, memory, vcpus: 2 })
    await vmm.order("balloon", 0, 64)
    await vmm.order("write", 32, 64, 5)
    await vmm.order("start", "walk", 64, 1_500, 3, 7)
    await awaitPopulation(manager, "done")
    const walk = await vmm.order("wait")
    assert.equal([walk.wrong, walk.failed], [0, 0])
    const session = await onlySession(manager)
    assert.equal([session.state, session.regions, session.last_error], ["detached", 0, null])
    const journal = readdirSync(manager.paths.stateDirectory)
    assert.equal(
      journal.filter((file) => file.startsWith("session-")),
      [],
    )
    const { faults } = session
    await vmm.order("balloon", 200, 100)
    assert.equal((await onlySession(manager)).faults, faults)

    const { directory } = manager.paths
    await manager.kill()

    await vmm.order("balloon", 1_000, 2_000)
    await checkAll(vmm)
    // The next one knows nothing of it, and has nothing to adopt.
    const next = await startManager({ images, directory })
    assert.equal(await next.debug.get("/v1/sessions"), [])
    await vmm.order("write", 2_000, 100, 6)
    await checkAll(vmm)
    await next.stop()
  })
}

test("memory comes no faster than was asked for, and the guest is served meanwhile", async () => {
  const manager = await startManager({ images })
  const rate = 8 * mebibyte
  const socket = await listenForVms(manager, "vm", { populate_bytes_per_second: rate })
  const begunMs = performance.now()
  const vmm = await startVmm({ socket, image, isPlain: true, memory })
  await awaitPopulation(manager, "filling")

  const last = await vmm.order("walk", 16 * pagesPerMebibyte, 2 * pagesPerMebibyte, 1, 3)
  assert.equal([last.wrong, last.failed], [0, 0])
  assert.is((await onlySession(manager)).population?.state, "filling")
  await awaitPopulation(manager, "done")

  // What the guest has asked for itself is not counted.
  const leastMs = ((dataBytes - 2 * mebibyte) / rate) * 1_000
  assert.ok(performance.now() - begunMs > leastMs / 2)
  await checkAll(vmm)
  // It is shown for as long as its process is there.
  await vmm.kill()
  await awaitNoSession(manager)
  await manager.stop()
})

test("the next manager goes on where one was killed, and lets the VM go", async () => {
  const directory = scratchDirectory()
  const first = await startManager({ images, directory })
  const populate_bytes_per_second = 8 * mebibyte
  const socket = await listenForVms(first, "vm", { populate_bytes_per_second })
  const vmm = await startVmm({ socket, image, isPlain: true, memory, handshake: "1.1" })
  await vmm.order("balloon", 0, 64)
  await awaitPopulation(first, "filling")
  await first.kill()

  const second = await startManager({ images, directory })
  await vmm.order("balloon", 4_000, 64)
  await awaitPopulation(second, "done")
  const session = await onlySession(second)
  assert.equal([session.state, session.adopted], ["detached", true])
  await second.kill()
  await checkAll(vmm)
})

test("a manager that ends does not wait for it, and the next one goes on", async () => {
  const directory = scratchDirectory()
  const config = "drain_timeout_ms = 1\n"
  const first = await startManager({ images, directory, config })
  const socket = await listenForVms(first, "vm", { populate_bytes_per_second: mebibyte })
  const vmm = await startVmm({ socket, image, isPlain: true, memory })
  await awaitPopulation(first, "filling")
  await first.stop()

  assert.not.match(first.stderr, /requests were still under way/)
  const second = await startManager({ images, directory })
  assert.is((await onlySession(second)).adopted, true)
  await awaitPopulation(second, "filling")
  await checkAll(vmm)
  await vmm.kill()
  await second.stop()
})

test("what a run needs is recorded before all of its memory comes", async () => {
  const config = "[working_sets]\nimages = 'all'\nwindow_ms = 1500\n"
  const manager = await startManager({ images, config })
  const socket = await listenForVms(manager, "vm", { populate_bytes_per_second: 2 ** 40 })
  const vmm = await startVmm({ socket, image, isPlain: true, memory })

  await vmm.order("walk", 0, 400, 5, 7)
  assert.is((await onlySession(manager)).population?.state, "waiting")
  await awaitPopulation(manager, "done")

  assert.ok(((await setOf(manager, "vm"))?.pages ?? 0) >= 400)
  await checkAll(vmm)
  await manager.stop()
})

test.run()
