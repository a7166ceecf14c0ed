import { test } from "uvu"
import * as assert from "uvu/assert"
import { startCClient } from "../harness/c_client.js"
import { startManager } from "../harness/manager.js"
import { patternFile } from "../harness/pattern.js"

const page = 4096
const imageBytes = 1024 * page
const dirtyPages = [0, 3, 4, 5, 700, 1023]

for (const mode of ["copy", "share", "cow"] as const) {
  test(`in mode ${mode} the others stay mapped, and nobody faults again`, async () => {
    const manager = await startManager({ images: { image: patternFile(imageBytes, 31) } })
    const client = await startCClient(manager.socket)
    if (mode === "cow") await client.load("image")
    const region = await client.map("image", { mode })
    assert.is(await client.verify(region, 31, 0, imageBytes), -1)
    for (const dirty of dirtyPages) await client.writePattern(region, 32, dirty * page, page)
    const faultsOf = async () => (await manager.settledSession(client.pid)).faults
    const before = await faultsOf()

    await client.reset(region)

    assert.is(await client.countPages(region, 0, imageBytes, "present"), 1024)
    assert.is(await client.verify(region, 31, 0, imageBytes), -1)
    assert.equal(await faultsOf(), before)
    await client.stop()
    await manager.stop()
  })
}

test("a page that the client dropped by itself comes anew", async () => {
  const manager = await startManager({ images: { image: patternFile(imageBytes, 31) } })
  const client = await startCClient(manager.socket)
  const region = await client.map("image", { mode: "share" })
  await client.writePattern(region, 32, 0, imageBytes)
  await client.advise(region, 8 * page, page, "dontNeed")

  await client.reset(region)

  assert.is(await client.verify(region, 31, 0, imageBytes), -1)
  await client.stop()
  await manager.stop()
})

test.run()
