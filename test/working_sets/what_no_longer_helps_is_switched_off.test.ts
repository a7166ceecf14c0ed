// time limit: 120 s
import { test } from "uvu"
import * as assert from "uvu/assert"
import { startManager } from "../harness/manager.js"
import { patternFile } from "../harness/pattern.js"
import { awaitReplays, endRun, page, run, setOf, startRun } from "./runs.js"

const pages = 1024
const before = [0, 200] as const
const after = [500, 700] as const

test("runs that need other pages end the replays, until runs agree again", async () => {
  const images = { vm: patternFile(pages * page, 163) }
  const manager = await startManager({ images, args: ["--working-sets", "all"] })
  await run(manager, "vm", before)

  const { client, region } = await startRun(manager, "vm")
  await awaitReplays(manager, "vm", 1)
  await client.touch(region, after[0] * page, (after[1] - after[0]) * page)
  await endRun(manager, client)
  assert.is((await setOf(manager, "vm"))?.pages_missed, 200)

  // That much was missed that the next run is looked at as it is.
  await run(manager, "vm", after)
  const off = await setOf(manager, "vm")
  assert.is(off?.state, "off")
  assert.is(off?.hit_ratio, 0)
  await run(manager, "vm", after)
  assert.is((await setOf(manager, "vm"))?.replays, 1)

  for (let runs = 0; runs < 16; runs += 1) await run(manager, "vm", after)
  const on = await setOf(manager, "vm")
  assert.is(on?.state, "on")
  assert.is(on?.pages, 200)
  assert.ok((on?.replays ?? 0) > 1)
  await manager.stop()
})

test.run()
