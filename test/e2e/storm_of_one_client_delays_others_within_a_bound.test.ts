// Invariant 10.
import { test } from "uvu"
import * as assert from "uvu/assert"
import { startCClient } from "../harness/c_client.js"
import { startManager } from "../harness/manager.js"
import { patternFile } from "../harness/pattern.js"

const page = 4096
/** Each takes a fault, gets a whole window installed for it, drops it and begins again. */
const stormThreads = 32
const windowBytes = 2 ** 20
const stormFaults = 4_000
const quietBytes = 100 * page
/**
 * What a fault may take while others storm: some turns of theirs, and the scheduler of a machine
 * that has nothing else to do than copy. Alone it takes some 20 us; a starved one waits as long as
 * the storm lasts.
 */
const boundUs = 250_000

test("a client's faults are served while 32 threads of another take them without end", async () => {
  const imageBytes = stormThreads * windowBytes
  const manager = await startManager({ images: { image: patternFile(imageBytes, 171) } })
  const stormy = await startCClient(manager.socket)
  const quiet = await startCClient(manager.socket)
  const stormyRegion = await stormy.map("image", { windowBytes, mode: "copy" })
  const region = await quiet.map("image", { windowBytes: page, mode: "copy" })
  await stormy.prefault(stormyRegion, 0, 0)

  await stormy.storm(stormyRegion, stormThreads)
  let slowestUs = 0
  let rounds = 0
  while ((await manager.session(stormy.pid)).faults.missing < stormFaults) {
    slowestUs = Math.max(slowestUs, await quiet.slowestTouchUs(region, 0, quietBytes))
    await quiet.advise(region, 0, quietBytes, "dontNeed")
    rounds += 1
  }

  const session = await manager.settledSession(quiet.pid)
  assert.is(session.faults.missing, (rounds * quietBytes) / page)
  assert.ok(slowestUs < boundUs, `the slowest of ${session.faults.missing} took ${slowestUs} us`)
  await Promise.all([stormy.kill(), quiet.stop()])
  await manager.stop()
})

test.run()
