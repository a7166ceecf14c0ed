import { test } from "uvu"
import * as assert from "uvu/assert"
import { startCClient } from "../harness/c_client.js"
import { GatedSource } from "../harness/gated_source.js"
import { patternBytes } from "../harness/pattern.js"
import { serveSources } from "../harness/source_manager.js"

const mebibyte = 2 ** 20
const imageBytes = 64 * mebibyte
const bulkBytes = 48 * mebibyte
const wantedOffset = 60 * mebibyte + 4096

test("a fault is read for while a prefault's reads hang and most still wait", async () => {
  const source = new GatedSource(imageBytes, 131)
  const manager = await serveSources({ image: source })
  const bulk = await startCClient(manager.socket)
  const demand = await startCClient(manager.socket)
  const bulkRegion = await bulk.map("image")
  const demandRegion = await demand.map("image")
  const prefault = bulk.prefault(bulkRegion, 0, bulkBytes)
  const started = [await source.nextRead()]

  const fault = await demand.parkFault(demandRegion, wantedOffset)
  // Nothing is answered: what is asked for now has gone ahead of all that waits.
  let read = await source.nextRead()
  while (read.offset < bulkBytes) {
    started.push(read)
    read = await source.nextRead()
  }

  assert.ok(read.offset <= wantedOffset && wantedOffset < read.offset + read.length)
  const bulkStarted = started.reduce((sum, { length }) => sum + length, 0)
  assert.ok(bulkStarted <= bulkBytes / 2, `${bulkStarted} bytes of bulk went first`)
  read.release()
  assert.is(await fault.byte, patternBytes(131, wantedOffset, 1)[0])

  for (const { release } of started) release()
  source.open()
  await prefault
  assert.is(await bulk.verify(bulkRegion, 131, 0, bulkBytes), -1)
  await Promise.all([bulk.stop(), demand.stop()])
  await manager.stop()
})

test.run()
