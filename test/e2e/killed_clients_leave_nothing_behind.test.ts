// Invariant 11.
// time limit: 240 s
import { test } from "uvu"
import * as assert from "uvu/assert"
import type { ImageView, StatsView } from "../../manager/view.js"
import { startCClient } from "../harness/c_client.js"
import { type Manager, startManager } from "../harness/manager.js"
import { descriptorCount, statusBytes, threadCount } from "../harness/observed_process.js"
import { patternFile } from "../harness/pattern.js"
import { retryUntil } from "../harness/retry.js"

const cycles = 1_000
/** Until here heaps and caches may fill. */
const warmUpCycles = 200
const atOnce = 4
const imageBytes = 2 ** 20
/** 4 KiB lost per cycle would be 3 MiB; what V8 itself varies by lies below this. */
const growthBytesMax = 24 * 2 ** 20

/** One client's life: it connects, maps twice, takes faults and is killed. */
async function live(manager: Manager): Promise<void> {
  const client = await startCClient(manager.socket)
  const region = await client.map("image")
  await client.map("image", { offsetBytes: 64 * 4096 })
  await client.touch(region, 0, imageBytes, 16 * 4096)
  await client.kill()
}

async function liveMany(manager: Manager, count: number): Promise<void> {
  let left = count
  const liveOneByOne = async (): Promise<void> => {
    while (left-- > 0) await live(manager)
  }
  await Promise.all(Array.from({ length: atOnce }, liveOneByOne))
}

/** What the manager holds once it has noticed that everybody is gone. */
async function holdings(manager: Manager) {
  await retryUntil("a manager without sessions", 10_000, async () => {
    return (await manager.debug.get<StatsView>("/v1/stats")).sessions === 0
  })
  const { pid } = manager
  // The last session's descriptors are closed by fault threads, moments after it left the books.
  const descriptors = (): number => descriptorCount(pid)
  return { descriptors, threads: threadCount(pid), rssBytes: statusBytes(pid, "VmRSS") }
}

test("1,000 clients are killed, and no descriptor, thread or memory of theirs stays", async () => {
  const manager = await startManager({ images: { image: patternFile(imageBytes, 41) } })
  await liveMany(manager, warmUpCycles)
  const before = await holdings(manager)
  const descriptorsBefore = before.descriptors()

  await liveMany(manager, cycles - warmUpCycles)

  const after = await holdings(manager)
  await retryUntil(`no more than ${descriptorsBefore} descriptors`, 5_000, () => {
    return after.descriptors() <= descriptorsBefore
  })
  assert.is(after.threads, before.threads)
  const growth = after.rssBytes - before.rssBytes
  assert.ok(growth < growthBytesMax, `grew by ${growth} bytes`)
  const stats = await manager.debug.get<StatsView>("/v1/stats")
  assert.is(stats.sessions_total, cycles)
  const [image] = await manager.debug.get<ImageView[]>("/v1/images")
  assert.is(image?.regions, 0)
  assert.is(image?.bytes_read, imageBytes)
  await manager.stop()
})

test.run()
