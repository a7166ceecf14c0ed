// Invariant 5.
import { test } from "uvu"
import * as assert from "uvu/assert"
import { startCClient } from "../harness/c_client.js"
import { GatedSource } from "../harness/gated_source.js"
import { faultWaiters } from "../harness/observed_process.js"
import { patternBytes } from "../harness/pattern.js"
import { retryUntil } from "../harness/retry.js"
import { serveSources } from "../harness/source_manager.js"

const clientCount = 16
const page = 4096
const imageBytes = 2 ** 20
const offset = 37 * page

test("16 clients of two modes wait for one page, which is read once", async () => {
  const source = new GatedSource(imageBytes, 111)
  const manager = await serveSources({ cold: source })
  const clients = await Promise.all(
    Array.from({ length: clientCount }, () => startCClient(manager.socket)),
  )
  const regions = await Promise.all(
    clients.map((client, index) => client.map("cold", { mode: index % 2 ? "copy" : "share" })),
  )

  const faults = await Promise.all(
    clients.map((client, index) => client.parkFault(regions[index] ?? 0, offset)),
  )
  // Read from its userfaultfd and still waiting: the manager knows of all 16 while the gate is
  // shut.
  await retryUntil("16 faults that were read", 10_000, () => {
    return clients.every(({ pid }) => faultWaiters(pid).pending === 0)
  })

  const read = await source.nextRead()
  assert.ok(read.offset <= offset && offset < read.offset + read.length)
  read.release()
  const [wanted] = patternBytes(111, offset, 1)
  for (const { byte } of faults) assert.is(await byte, wanted)
  assert.is(source.reads.length, 1)
  await Promise.all(clients.map((client) => client.stop()))
  await manager.stop()
})

test.run()
