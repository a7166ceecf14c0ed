// Invariant 10.
import { test } from "uvu"
import * as assert from "uvu/assert"
import { startCClient } from "../harness/c_client.js"
import { layoutEvents, startHostileClient } from "../harness/hostile_client.js"
import { startManager } from "../harness/manager.js"
import { statusBytes } from "../harness/observed_process.js"
import { patternFile } from "../harness/pattern.js"
import { sparseFile } from "../harness/sparse_file.js"

const page = 4096
const quietPages = 64
const rounds = 30
/** Many turns of a busy scheduler. Were the pages noted one by one, a call would take seconds. */
const boundUs = 1_000_000
const mebibyte = 2 ** 20
/** What is noted of some terabytes; a bit for each of their pages would be 256 MiB. */
const noticeBytesMax = 64 * mebibyte

const storms = [
  ["one region of 8 TiB", 8 * 2 ** 40, 1],
  ["a thousand regions of 8 GiB", 8 * 2 ** 30, 1_000],
] as const

for (const [what, regionBytes, count] of storms) {
  test(`${what}, by two clients at once`, async () => {
    const images = { sparse: sparseFile(regionBytes), image: patternFile(quietPages * page, 7) }
    const manager = await startManager({ images })
    const quiet = await startCClient(manager.socket)
    const region = await quiet.map("image", { windowBytes: page, mode: "copy" })
    const hostile = await Promise.all([1, 2].map(() => startHostileClient(manager.socket)))
    for (const client of hostile) {
      await client.order("arm", layoutEvents.remove, regionBytes * count)
      await client.order("map", "sparse", regionBytes, count)
    }
    const before = statusBytes(manager.pid, "VmRSS")

    for (const client of hostile) await client.order("flood_removes", 4)
    let slowestUs = 0
    for (let round = 0; round < rounds; round += 1) {
      slowestUs = Math.max(slowestUs, await quiet.slowestTouchUs(region, 0, quietPages * page))
      await quiet.advise(region, 0, quietPages * page, "dontNeed")
    }

    assert.ok(slowestUs < boundUs, `the slowest took ${slowestUs} us`)
    const taken = statusBytes(manager.pid, "VmRSS") - before
    assert.ok(taken < noticeBytesMax, `the manager has taken ${taken} bytes`)
    for (const client of hostile) await client.kill()
    await quiet.stop()
    await manager.stop()
  })
}

test.run()
