import { test } from "uvu"
import * as assert from "uvu/assert"
import { startCClient } from "../harness/c_client.js"
import { startManager } from "../harness/manager.js"
import { patternFile } from "../harness/pattern.js"

const page = 4096
const imageBytes = 8192 * page
/** put_back_pages_max of native/client/limits.hpp. */
const putBackPagesMax = 2048

for (const mode of ["copy", "share", "cow"] as const) {
  test(`in mode ${mode} one page more than the limit, and nothing of them stays`, async () => {
    const manager = await startManager({ images: { image: patternFile(imageBytes, 41) } })
    const client = await startCClient(manager.socket)
    if (mode === "cow") await client.load("image")
    const region = await client.map("image", { mode, windowBytes: page })
    const present = () => client.countPages(region, 0, imageBytes, "present")

    await client.writePattern(region, 42, page, putBackPagesMax * page)
    await client.reset(region)
    const presentAtLimit = await present()
    assert.is(await client.verify(region, 41, page, putBackPagesMax * page), -1)

    await client.writePattern(region, 42, page, (putBackPagesMax + 1) * page)
    await client.reset(region)
    const presentBeyond = await present()

    assert.ok(presentAtLimit >= putBackPagesMax, `${presentAtLimit} pages kept`)
    assert.is(presentBeyond, 0)
    assert.is(await client.verify(region, 41, 0, imageBytes), -1)
    await client.stop()
    await manager.stop()
  })
}

test.run()
