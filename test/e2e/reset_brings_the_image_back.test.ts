import { test } from "uvu"
import * as assert from "uvu/assert"
import { startCClient } from "../harness/c_client.js"
import { startManager } from "../harness/manager.js"
import { patternFile } from "../harness/pattern.js"
import { retryUntil } from "../harness/retry.js"

const imageBytes = 2 ** 20
const page = 4096

test("what a client wrote is gone after a reset, for it alone", async () => {
  const manager = await startManager({ images: { image: patternFile(imageBytes, 91) } })
  const writer = await startCClient(manager.socket)
  const neighbour = await startCClient(manager.socket)
  const written = await writer.map("image")
  const region = await neighbour.map("image")
  await writer.writePattern(written, 92, 0, imageBytes)
  assert.is(await writer.verify(written, 92, 0, imageBytes), -1)
  assert.is(await neighbour.verify(region, 91, 0, imageBytes), -1, "the write reached nobody else")
  await neighbour.writePattern(region, 93, 0, page)

  await writer.reset(written)

  // The note of it follows on its own way.
  await retryUntil("no resident pages", 5_000, async () => {
    return (await manager.session(writer.pid)).resident_pages === 0
  })
  assert.is(await writer.verify(written, 91, 0, imageBytes), -1)
  assert.is(await neighbour.verify(region, 93, 0, page), -1)
  await Promise.all([writer.stop(), neighbour.stop()])
  await manager.stop()
})

test.run()
