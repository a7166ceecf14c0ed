import { test } from "uvu"
import * as assert from "uvu/assert"
import type { SessionDetailView } from "../../manager/view.js"
import { runPagerd } from "../cli/run_pagerd.js"
import { startCClient } from "../harness/c_client.js"
import { startManager } from "../harness/manager.js"
import { patternFile } from "../harness/pattern.js"

const page = 4096
const imageBytes = 8 * 2 ** 20
const holes = [{ offsetBytes: 2 ** 20, lengthBytes: 2 ** 20 }]

test("for the regions to come, and ps says which is what and why", async () => {
  const manager = await startManager({ images: { model: patternFile(imageBytes, 7, { holes }) } })
  const client = await startCClient(manager.socket)
  await client.map("model", { lengthBytes: 2 ** 20 })

  const load = await runPagerd(["image", "load", "model", "--debug-socket", manager.debug.path])
  const cow = await client.map("model")
  const { id } = await manager.session(client.pid)
  const session = await manager.debug.get<SessionDetailView>(`/v1/sessions/${id}`)
  const ps = await runPagerd(["ps", "--regions", "--debug-socket", manager.debug.path])

  assert.is(load.stdout, "loaded model: 8 MiB are resident\n")
  assert.equal(session.regions_by_mode, { copy: 0, share: 1, cow: 1 })
  const reasons = session.region_list.map((region) => `${region.mode}: ${region.mode_reason}`)
  assert.equal(reasons.toSorted(), [
    "cow: the whole image is resident",
    "share: not all of the image is resident",
  ])
  assert.match(ps.stdout, /^ +2 +model +cow +private .* - +the whole image is resident$/m)
  assert.is(await client.verify(cow, 7, 0, 2 ** 20), -1)
  assert.is(await client.readByte(cow, 2 ** 20 + page), 0)
  assert.is(await client.verify(cow, 7, 2 ** 21, imageBytes - 2 ** 21), -1)
  await client.stop()
  await manager.stop()
})

test.run()
