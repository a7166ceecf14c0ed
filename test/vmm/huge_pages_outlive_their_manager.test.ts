// Invariant 16.
// time limit: 180 s
// runs alone
import { truncateSync } from "node:fs"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import type { SessionView } from "../../manager/view.js"
import { type Manager, startManager } from "../harness/manager.js"
import { retryUntil } from "../harness/retry.js"
import { skipLoudly } from "../harness/skip.js"
import { awaitReplays, setOf } from "../working_sets/runs.js"
import { guestImage } from "./guest_image.js"
import { guestModes } from "./guest_modes.js"
import { withHugePages } from "./huge_pages.js"
import { awaitPopulation } from "./population.js"
import { endStarted } from "./started.js"
import { listenForVms } from "./vm_listener.js"
import { hugePageBytes, startVmm } from "./vmm_program.js"

const test = suite()
test.after.each(endStarted)

const budgetMs = 20_000
const pages = 8
const memory = [3 * hugePageBytes, 5 * hugePageBytes]
/** Huge pages of bytes, of zeros, and of both, the last of them half beyond the file's end. */
const newImage = (seed: number) =>
  guestImage({
    lengthBytes: pages * hugePageBytes - hugePageBytes / 2,
    seed,
    strideBytes: 2 * hugePageBytes,
    writtenBytes: hugePageBytes + hugePageBytes / 4,
  })

async function needingHugePages(use: () => Promise<void>): Promise<void> {
  const why = await withHugePages(pages, use)
  if (why !== undefined) skipLoudly("machine", why)
}

async function faultsOf({ debug }: Manager): Promise<number> {
  const sessions = await debug.get<SessionView[]>("/v1/sessions")
  return sessions.reduce((sum, { faults }) => sum + faults.missing, 0)
}

const awaitEnd = ({ debug }: Manager) =>
  retryUntil("the VM's session ends", budgetMs, async () => {
    return (await debug.get<SessionView[]>("/v1/sessions")).length === 0
  })

for (const { name, isPlain } of guestModes()) {
  test(`each is one fault, with this manager and the next (${name})`, () =>
    needingHugePages(async () => {
      const image = newImage(31)
      const images = { vm: image }
      let manager = await startManager({ images })
      const socket = await listenForVms(manager, "vm")
      const vmm = await startVmm({ socket, image, isPlain, memory, pageBytes: hugePageBytes })
      const walk = await vmm.order("walk", 0, 4, 1, 3)
      await vmm.order("balloon", 1, 2)
      await vmm.order("write", 3, 1, 7)
      assert.equal([walk.wrong, walk.failed], [0, 0])
      assert.is(await faultsOf(manager), 4)

      await vmm.order("start", "walk", 0, pages, 1, 5)
      const { directory } = manager.paths
      await manager.kill()
      manager = await startManager({ images, directory })
      const across = await vmm.order("wait")
      const all = await vmm.order("inspect", 0, pages)
      assert.equal([across.wrong, across.failed, all.wrong, all.failed], [0, 0, 0, 0])
      await endStarted()
      await manager.stop()
    }))
}

test("they have a working set of their own", () =>
  needingHugePages(async () => {
    const image = newImage(32)
    const options = { images: { vm: image }, args: ["--working-sets", "vm"] }
    const first = await startManager(options)
    const { directory } = first.paths
    const vm = {
      socket: await listenForVms(first, "vm"),
      ...{ image, isPlain: true, memory, pageBytes: hugePageBytes },
    }
    const recorded = await startVmm(vm)
    await recorded.order("walk", 1, 5, 1, 3)
    await recorded.kill()
    await awaitEnd(first)
    const set = await setOf(first, "vm")
    assert.equal([set?.page_bytes, set?.pages], [hugePageBytes, 5])
    await first.kill()

    const second = await startManager({ ...options, directory })
    const restored = await startVmm({ ...vm, isPaused: true })
    await awaitReplays(second, "vm", memory.length)
    await restored.order("resume")
    const again = await restored.order("walk", 1, 5, 1, 3)
    assert.is(await faultsOf(second), 0)
    const whole = await restored.order("inspect", 0, pages)
    assert.equal([again.wrong, again.failed, whole.wrong, whole.failed], [0, 0, 0, 0])
    assert.is((await setOf(second, "vm"))?.pages_replayed, 5)
    await endStarted()
    await second.stop()
  }))

test("a VM that has all of them needs no manager", () =>
  needingHugePages(async () => {
    const image = newImage(35)
    const manager = await startManager({ images: { vm: image } })
    const populate_bytes_per_second = 2 ** 40
    const socket = await listenForVms(manager, "vm", { populate_bytes_per_second })
    const vmm = await startVmm({ socket, image, isPlain: true, memory, pageBytes: hugePageBytes })
    await vmm.order("balloon", 1, 2)
    await awaitPopulation(manager, "done")
    await manager.kill()

    const all = await vmm.order("inspect", 0, pages)
    assert.equal([all.wrong, all.failed], [0, 0])
    await endStarted()
  }))

test("a VMM that does not tell of them is not served, and its operator hears why", () =>
  needingHugePages(async () => {
    const image = newImage(34)
    const manager = await startManager({ images: { vm: image } })
    const socket = await listenForVms(manager, "vm")
    const message = { socket, memory, image, pageBytes: hugePageBytes, handshake: "1.1" } as const
    await startVmm({ ...message, isPlain: true, isPaused: true })

    const found = "no registered memory with pages of 4096 bytes is there"
    await retryUntil("the log says why", budgetMs, () => manager.stderr.includes(found))
    await endStarted()
    await manager.stop()
  }))

test("one whose bytes cannot all be had is poison, and no part of it is zeros", () =>
  needingHugePages(async () => {
    const image = newImage(33)
    const manager = await startManager({ images: { vm: image } })
    const socket = await listenForVms(manager, "vm")
    const vmm = await startVmm({
      ...{ socket, image, isPlain: true, memory, pageBytes: hugePageBytes },
    })
    assert.is((await vmm.order("walk", 0, 1, 1, 3)).failed, 0)

    truncateSync(image, pages * hugePageBytes)
    const lost = await vmm.order("walk", 2, 1, 1, 3)

    assert.equal([lost.wrong, lost.failed], [0, 1])
    await endStarted()
    await manager.stop()
  }))

test.run()
