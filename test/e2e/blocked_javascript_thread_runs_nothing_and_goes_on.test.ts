// Invariant 8.
import { test } from "uvu"
import * as assert from "uvu/assert"
import { startClient } from "../harness/client_process.js"
import { GatedSource } from "../harness/gated_source.js"
import { patternBytes } from "../harness/pattern.js"
import { serveSources } from "../harness/source_manager.js"

const page = 4096
const imageBytes = 256 * page

test("a JavaScript thread waits in a fault, needs nothing of its own, and goes on", async () => {
  const source = new GatedSource(imageBytes, 151)
  const manager = await serveSources({ image: source })
  const client = await startClient(manager.socket)
  const region = await client.ask.map("image")

  const fault = await client.parkFault(region, 100 * page)
  let hasAnswered = false
  const length = client.ask.lengthBytes(region).finally(() => {
    hasAnswered = true
  })
  // Whatever the client could do by itself it would do while the manager serves another client.
  const other = await startClient(manager.socket)
  assert.is(await other.ask.lengthBytes(await other.ask.map("image")), imageBytes)
  assert.not.ok(hasAnswered, "its event loop stands still")
  source.open()

  assert.is(await fault.byte, patternBytes(151, 100 * page, 1)[0])
  assert.is(await length, imageBytes)
  assert.is(await client.ask.verify(region, 151, 0, imageBytes), -1)
  await client.ask.writePattern(region, 152, 0, imageBytes)
  await client.ask.reset(region)
  assert.is(await client.ask.verify(region, 151, 0, imageBytes), -1)
  await client.ask.closePager()
  await Promise.all([client.stop(), other.stop()])
  await manager.stop()
})

test.run()
