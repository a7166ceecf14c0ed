import { test } from "uvu"
import * as assert from "uvu/assert"
import { startCClient } from "../harness/c_client.js"
import { startManager } from "../harness/manager.js"
import { patternFile } from "../harness/pattern.js"
import { skipLoudly } from "../harness/skip.js"
import { isRoot, nobody } from "../harness/user.js"

const page = 4096
const imageBytes = 64 * page

for (const mode of ["copy", "share"] as const) {
  test(`in mode ${mode} a poisoned page heals, and its neighbours stay`, async () => {
    const manager = await startManager({ images: { image: patternFile(imageBytes, 55) } })
    const client = await startCClient(manager.socket)
    const region = await client.map("image", { mode })
    await client.writePattern(region, 56, 0, imageBytes)
    await client.advise(region, 9 * page, page, "dontNeed")
    await client.poison(region, 9 * page)

    await client.reset(region)

    assert.is(await client.countPages(region, 0, imageBytes, "present"), 63)
    assert.is(await client.verify(region, 55, 0, imageBytes), -1)
    await client.stop()
    await manager.stop()
  })
}

for (const mode of ["copy", "share", "cow"] as const) {
  test(`in mode ${mode} where the page map cannot be read all pages are dropped`, async () => {
    if (!isRoot) return skipLoudly("root", "only root can start a client of another user")
    const manager = await startManager({ images: { image: patternFile(imageBytes, 55) } })
    const client = await startCClient(manager.socket, nobody)
    if (mode === "cow") await client.load("image")
    const region = await client.map("image", { mode })
    await client.writePattern(region, 56, 0, 8 * page)
    await client.hideProcFiles()

    await client.reset(region)

    assert.is(await client.verify(region, 55, 0, imageBytes), -1)
    await client.stop()
    await manager.stop()
  })
}

test.run()
