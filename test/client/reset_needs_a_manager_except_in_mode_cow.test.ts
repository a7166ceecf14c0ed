import { test } from "uvu"
import * as assert from "uvu/assert"
import { startCClient } from "../harness/c_client.js"
import { startManager } from "../harness/manager.js"
import { patternFile } from "../harness/pattern.js"

// No call waits for another manager.
process.env.PAGERD_WAIT_MS = "0"

const page = 4096
const imageBytes = 4096 * page

test("in mode cow the kernel has all pages, whether they are put back or dropped", async () => {
  const manager = await startManager({ images: { image: patternFile(imageBytes, 51) } })
  const client = await startCClient(manager.socket)
  await client.load("image")
  const region = await client.map("image", { mode: "cow" })
  await manager.kill()

  await client.writePattern(region, 52, 0, 10 * page)
  await client.reset(region)
  assert.is(await client.verify(region, 51, 0, imageBytes), -1)

  await client.writePattern(region, 52, 0, imageBytes)
  await client.reset(region)
  assert.is(await client.verify(region, 51, 0, imageBytes), -1)
  await client.stop()
})

for (const mode of ["copy", "share"] as const) {
  test(`in mode ${mode} it fails without one, and nothing changes`, async () => {
    const manager = await startManager({ images: { image: patternFile(imageBytes, 51) } })
    const client = await startCClient(manager.socket)
    const region = await client.map("image", { mode, reserveBytes: 4 * page })
    await client.prefault(region, 0, 0)
    await client.writePattern(region, 52, 0, 10 * page)
    await client.grow(region, imageBytes + page)
    await manager.kill()

    const refusal = await client.reset(region).catch((error) => error)

    assert.is(refusal.code, "manager_gone")
    assert.is(await client.verify(region, 52, 0, 10 * page), -1)
    assert.is(await client.length(region), imageBytes + page)
    await client.stop()
  })
}

test("with access shared it is refused", async () => {
  const file = patternFile(imageBytes, 51)
  const manager = await startManager({
    config: `[images]\nimage = { source = "${file}", writable = true }\n`,
  })
  const client = await startCClient(manager.socket)
  const region = await client.map("image", { access: "shared" })

  const refusal = await client.reset(region).catch((error) => error)

  assert.is(refusal.code, "unsupported_access")
  assert.match(refusal.message, /its pages are also those of all others/)
  await client.stop()
  await manager.stop()
})

test.run()
