// Invariant 10.
import { test } from "uvu"
import * as assert from "uvu/assert"
import type { StatsView } from "../../manager/view.js"
import { startCClient } from "../harness/c_client.js"
import { startHostileClient } from "../harness/hostile_client.js"
import { startManager } from "../harness/manager.js"
import { patternFile } from "../harness/pattern.js"
import { within } from "../harness/retry.js"
import { skipLoudly } from "../harness/skip.js"
import { leaveMountNamespace, startStallingFileSystem } from "../harness/stalling_file_system.js"
import { isRoot } from "../harness/user.js"

const page = 4096
const pages = 64
const seed = 83
/** More than there could be threads that read files, were each to have one of them. */
const stuckFaults = 200
const stuckThreadsMax = 8
const canMount = isRoot && leaveMountNamespace()

test("200 faults wait for one file, and another file is read", async () => {
  if (!canMount) {
    skipLoudly(isRoot ? "machine" : "root", "a file system must be mounted")
    return
  }
  const trap = await startStallingFileSystem(stuckFaults * page)
  const images = { hung: trap.file, image: patternFile(pages * page, seed) }
  const manager = await startManager({ images })
  const waiting = await startHostileClient(manager.socket)
  await waiting.order("arm", 0, stuckFaults * page)
  await waiting.order("map", "hung", stuckFaults * page, 1, page)
  await waiting.order("prepare_touches", stuckFaults)
  await waiting.order("tell_touches", stuckFaults)
  await trap.untilRead()

  const client = await startCClient(manager.socket)
  const region = await client.map("image", { windowBytes: page, mode: "copy" })
  const verified = client.verify(region, seed, 0, pages * page)

  assert.is(await within("cold pages", 10_000, verified), -1)
  const { threads_held } = await manager.debug.get<StatsView>("/v1/stats")
  assert.ok(threads_held > 0 && threads_held <= stuckThreadsMax, `${threads_held} threads wait`)
  await trap.end()
  await waiting.process.kill()
  await client.stop()
  await manager.stop()
})

test.run()
