import { test } from "uvu"
import * as assert from "uvu/assert"
import type { SessionView } from "../../manager/view.js"
import { modes, startCClient } from "../harness/c_client.js"
import { startManager } from "../harness/manager.js"
import { patternFile } from "../harness/pattern.js"

const page = 4096
const imageBytes = 64 * page + 5
const cow = { mode: "cow" } as const

test("every page of a loaded image can be read and written when the manager is dead", async () => {
  const holes = [{ offsetBytes: 32 * page, lengthBytes: 8 * page }]
  const manager = await startManager({ images: { image: patternFile(imageBytes, 1, { holes }) } })
  const client = await startCClient(manager.socket)
  await client.load("image")
  const region = await client.map("image", cow)
  const other = await client.map("image", { ...cow, offsetBytes: page })
  const attached = await client.attach("image", 65 * page, cow)
  assert.is(await client.mode(region), modes.cow)

  const { faults } = (await manager.session(client.pid)) as SessionView
  await manager.kill()

  assert.equal(faults, { missing: 0, minor: 0, write_protect: 0 })
  assert.is(await client.verify(region, 1, 0, 32 * page), -1)
  assert.is(await client.touch(region, 32 * page, 8 * page), 0)
  assert.is(await client.verify(region, 1, 40 * page, imageBytes - 40 * page), -1)
  await client.writePattern(region, 2, 0, imageBytes)
  assert.is(await client.verify(region, 2, 0, imageBytes), -1)
  assert.is(await client.verify(other, 1, 0, 31 * page, page), -1, "the write reached nobody else")
  assert.is(await client.prefault(other, 0, 0), 0)
  assert.is(await client.unmap(attached), 0)
  assert.is(await client.unmap(region), 0)
  assert.is(await client.unmap(other), 0)
  await client.disconnect()
  assert.is((await client.stop()).code, 0)
})

test("an image that is not resident is refused, with what is and what to do", async () => {
  const manager = await startManager({ images: { image: patternFile(imageBytes, 1) } })
  const client = await startCClient(manager.socket)
  const refusalOf = (call: Promise<number>) => call.then(String, (error) => error)

  const mapped = await refusalOf(client.map("image", cow))
  const attached = await refusalOf(client.attach("image", 65 * page, cow))

  for (const { code, message } of [mapped, attached]) {
    assert.is(code, "not_resident")
    assert.match(message, new RegExp(` 0 of its ${imageBytes} bytes are resident, load the image`))
  }
  await client.load("image")
  assert.is(await client.verify(await client.map("image", cow), 1, 0, imageBytes), -1)
  await client.stop()
  await manager.stop()
})

test.run()
