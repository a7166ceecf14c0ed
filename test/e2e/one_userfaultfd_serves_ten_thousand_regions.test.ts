// time limit: 120 s
import { test } from "uvu"
import * as assert from "uvu/assert"
import { startCClient } from "../harness/c_client.js"
import { startManager } from "../harness/manager.js"
import { descriptorTargets } from "../harness/observed_process.js"
import { patternFile } from "../harness/pattern.js"
import { retryUntil } from "../harness/retry.js"

const regionCount = 10_000
const page = 4096
/** A page of the image for each region, in an order in which no neighbour follows another. */
const pageOf = (region: number): number => (region * 7919) % regionCount

test("10,000 regions of one client each show their own page", async () => {
  const images = { pages: patternFile(regionCount * page, 11) }
  const manager = await startManager({ images })
  const client = await startCClient(manager.socket)
  const everyRegion = Array.from({ length: regionCount }, (_, region) => region)
  await Promise.all(
    everyRegion.map((region) => {
      const offsetBytes = pageOf(region) * page
      return client.map("pages", { offsetBytes, lengthBytes: page, windowBytes: page })
    }),
  )

  const mismatches = await Promise.all(
    everyRegion.map((region) => client.verify(region + 1, 11, 0, page, pageOf(region) * page)),
  )

  assert.ok(mismatches.every((mismatch) => mismatch === -1))
  const session = await manager.settledSession(client.pid)
  assert.is(session.regions, regionCount)
  assert.is(session.resident_pages, regionCount)
  const targets = descriptorTargets(client.pid).map(({ target }) => target)
  assert.is(targets.filter((target) => target === "anon_inode:[userfaultfd]").length, 1)

  await Promise.all(everyRegion.map((region) => client.unmap(region + 1)))
  await retryUntil("a session without regions", 10_000, async () => {
    return (await manager.session(client.pid)).regions === 0
  })
  await client.stop()
  await manager.stop()
})

test.run()
