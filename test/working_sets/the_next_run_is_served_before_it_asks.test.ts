import { test } from "uvu"
import * as assert from "uvu/assert"
import { startManager } from "../harness/manager.js"
import { patternFile } from "../harness/pattern.js"
import { awaitReplays, endRun, faultsOf, page, run, setOf, startRun } from "./runs.js"

const pages = 2048
const seed = 151

for (const mode of ["copy", "share"] as const) {
  test(`in mode ${mode} a run takes no fault at what the run before it needed`, async () => {
    const images = { vm: patternFile(pages * page, seed) }
    const manager = await startManager({ images, args: ["--working-sets", "vm"] })
    await run(manager, "vm", [100, 1300], { mode, stride: 3 })
    assert.is((await setOf(manager, "vm"))?.pages, 400)

    const { client, region } = await startRun(manager, "vm", { mode })
    await awaitReplays(manager, "vm", 1)
    await client.touch(region, 100 * page, 1200 * page, 3 * page)

    assert.is(await faultsOf(manager, client), 0)
    assert.is(await client.verify(region, seed, 0, pages * page), -1)
    await endRun(manager, client)
    await manager.stop()
  })
}

test("images that are not named are not recorded, and neither is mode cow", async () => {
  const images = { vm: patternFile(pages * page, seed), other: patternFile(pages * page, 7) }
  const manager = await startManager({ images, args: ["--working-sets", "vm"] })

  await run(manager, "other", [0, 100])
  await manager.debug.ask("POST", "/v1/images/vm/load")
  await run(manager, "vm", [0, 100], { mode: "cow" })

  assert.equal(await manager.debug.get("/v1/working_sets"), [])
  await manager.stop()
})

test.run()
