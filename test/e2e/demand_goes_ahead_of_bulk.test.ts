import { test } from "uvu"
import * as assert from "uvu/assert"
import { startCClient } from "../harness/c_client.js"
import { GatedSource } from "../harness/gated_source.js"
import { patternBytes } from "../harness/pattern.js"
import { within } from "../harness/retry.js"
import { serveSources } from "../harness/source_manager.js"

const mebibyte = 2 ** 20
const bulkClients = 8
const bulkBytes = 8 * mebibyte
const wantedOffset = bulkClients * bulkBytes + 4096
const imageBytes = wantedOffset + mebibyte

test("a fault is read for while every place that bulk may take hangs", async () => {
  const source = new GatedSource(imageBytes, 131)
  const manager = await serveSources({ image: source }, { sources: { readTimeoutMs: 600_000 } })
  const demand = await startCClient(manager.socket)
  const demandRegion = await demand.map("image")
  const bulk = await Promise.all(
    Array.from({ length: bulkClients }, async (_, index) => {
      const client = await startCClient(manager.socket)
      const offsetBytes = index * bulkBytes
      const region = await client.map("image", { offsetBytes, lengthBytes: bulkBytes })
      return { client, region, offsetBytes, prefault: client.prefault(region, 0, 0) }
    }),
  )
  const started = [await source.nextRead()]

  const fault = await demand.parkFault(demandRegion, wantedOffset)
  // Nothing is answered: what is asked for now has gone ahead of all that waits.
  const nextRead = () => within("the fault's read", 5_000, source.nextRead())
  let read = await nextRead()
  while (read.offset < bulkClients * bulkBytes) {
    started.push(read)
    read = await nextRead()
  }

  assert.ok(read.offset <= wantedOffset && wantedOffset < read.offset + read.length)
  const bulkStarted = started.reduce((sum, { length }) => sum + length, 0)
  assert.ok(bulkStarted <= (bulkClients * bulkBytes) / 2, `${bulkStarted} bytes of bulk went first`)
  read.release()
  assert.is(await fault.byte, patternBytes(131, wantedOffset, 1)[0])

  for (const { release } of started) release()
  source.open()
  for (const { client, region, offsetBytes, prefault } of bulk) {
    await prefault
    assert.is(await client.verify(region, 131, 0, bulkBytes, offsetBytes), -1)
    await client.stop()
  }
  await demand.stop()
  await manager.stop()
})

test.run()
