// Invariant 10.
import { test } from "uvu"
import * as assert from "uvu/assert"
import { startCClient } from "../harness/c_client.js"
import { startHostileClient } from "../harness/hostile_client.js"
import { startManager } from "../harness/manager.js"
import { patternFile } from "../harness/pattern.js"
import { retryUntil, within } from "../harness/retry.js"

const page = 4096
const pages = 64
const seed = 29
const stormThreads = 8
const windowBytes = 2 ** 20
/** A fork copies its page tables under the lock, which takes some milliseconds. */
const ballastBytes = 256 * 2 ** 20
const rounds = 40
/**
 * Some holds of the lock one behind the other: 6 ms, and 16 beside six busy processes. The rest is
 * for a machine that runs many tests at once; the storm goes on for longer than that.
 */
const boundUs = 1_000_000

test("others wait for one hold of it at a time, and all goes on when it is killed", async () => {
  const images = { image: patternFile(stormThreads * windowBytes, seed) }
  const manager = await startManager({ images })
  const quiet = await startCClient(manager.socket)
  const region = await quiet.map("image", { windowBytes: page, mode: "copy" })
  const hostile = await startHostileClient(manager.socket)
  await hostile.order("arm", 0, stormThreads * windowBytes)
  await hostile.order("map", "image", stormThreads * windowBytes, 1, windowBytes)
  await hostile.order("flood_faults", stormThreads, windowBytes)
  await hostile.order("hold_mmap_lock", ballastBytes)

  let slowestUs = 0
  for (let round = 0; round < rounds; round += 1) {
    slowestUs = Math.max(slowestUs, await quiet.slowestTouchUs(region, 0, pages * page))
    await quiet.advise(region, 0, pages * page, "dontNeed")
  }

  assert.ok(slowestUs < boundUs, `the slowest took ${slowestUs} us`)
  await within("its death", 20_000, hostile.kill())
  await retryUntil("one session", 10_000, async () => {
    return (await manager.debug.get<unknown[]>("/v1/sessions")).length === 1
  })
  assert.is(await quiet.verify(region, seed, 0, pages * page), -1)
  await quiet.stop()
  await manager.stop()
})

test.run()
