// Invariant 1.
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "uvu"
import * as assert from "uvu/assert"
import type { StatsView } from "../../manager/view.js"
import { startClient } from "../harness/client_process.js"
import { startManager } from "../harness/manager.js"
import { faultWaiters } from "../harness/observed_process.js"
import { patternBytes } from "../harness/pattern.js"
import { retryUntil } from "../harness/retry.js"
import { scratchDirectory } from "../harness/scratch.js"

const page = 4096
const imageBytes = 64 * page

test("a fault whose message got lost is noticed, woken and served", async () => {
  const image = join(scratchDirectory(), "image")
  writeFileSync(image, patternBytes(171, 0, imageBytes))
  const config = "[watchdog]\nround_ms = 20\n"
  const manager = await startManager({ images: { image }, config })
  const client = await startClient(manager.socket)
  const region = await client.ask.map("image", { mode: "copy" })

  // Nobody else can read the message while the manager stands still.
  await manager.pause()
  await client.ask.stealFault(region, 9 * page)
  assert.equal(faultWaiters(client.pid), { pending: 0, total: 1 })
  manager.resume()

  await client.ask.awaitStolen()
  assert.is(await client.ask.verify(region, 171, 9 * page + 8, page - 8), -1)
  const stats = await retryUntil("the count", 5_000, async () => {
    const { watchdog } = await manager.debug.get<StatsView>("/v1/stats")
    return watchdog.faults_forgotten > 0 && watchdog
  })
  // Beside other work a woken thread may be slower than the next round.
  assert.ok(stats.faults_forgotten >= 1)
  assert.match(manager.stderr, /"faults":1,.*a bug of pagerd, please report it/)
  await client.stop()
  await manager.stop()
})

test.run()
