import { suite } from "uvu"
import * as assert from "uvu/assert"
import type { SessionView } from "../../manager/view.js"
import { type CClient, startCClient } from "../harness/c_client.js"
import { type Manager, startManager } from "../harness/manager.js"
import { patternFile } from "../harness/pattern.js"

const gibibyte = 2 ** 30
const seed = 21
const imageBytes = 9 * gibibyte
const islandBytes = 256 * 1024
/** Where the image holds bytes; the rest is a hole. Some lie across 4 and 8 GiB. */
const islands = [0, 4 * gibibyte - islandBytes / 2, 8 * gibibyte - islandBytes / 2, 8.5 * gibibyte]

const faultsOf = ({ faults }: SessionView) => faults.missing + faults.minor

for (const mode of ["copy", "share"] as const) {
  const test = suite<{ manager: Manager; client: CClient }>(mode)

  test.before.each(async (context) => {
    const only = islands.map((offsetBytes) => ({ offsetBytes, lengthBytes: islandBytes }))
    context.manager = await startManager({
      images: { vast: patternFile(imageBytes, seed, { only }) },
    })
    context.client = await startCClient(context.manager.socket)
  })

  test.after.each(async ({ manager, client }) => {
    await client.stop()
    await manager.stop()
  })

  test("a region longer than 4 GiB shows every island of its image", async ({ client }) => {
    const region = await client.map("vast", { mode })

    for (const island of islands) {
      assert.is(await client.verify(region, seed, island, islandBytes), -1, `at ${island}`)
      assert.is(await client.readByte(region, island + islandBytes + 4096), 0)
    }
  })

  test("a region beginning beyond 4 GiB shows what is there and not at its low half", async ({
    client,
  }) => {
    const offsetBytes = 8 * gibibyte - islandBytes / 2
    const region = await client.map("vast", { offsetBytes, lengthBytes: gibibyte, mode })

    assert.is(await client.verify(region, seed, 0, islandBytes, offsetBytes), -1)
    const last = 8.5 * gibibyte - offsetBytes
    assert.is(await client.verify(region, seed, last, islandBytes, offsetBytes), -1)
  })

  test("attached memory longer than 4 GiB is served in place", async ({ client }) => {
    const region = await client.attach("vast", imageBytes, { mode })

    assert.is(await client.verify(region, seed, 8.5 * gibibyte, islandBytes), -1)
  })

  test("prefault and reset reach beyond 4 GiB", async ({ client, manager }) => {
    const region = await client.map("vast", { mode })

    await client.prefault(region, 8.5 * gibibyte, islandBytes)

    const before = faultsOf(await manager.settledSession(client.pid))
    assert.is(await client.verify(region, seed, 8.5 * gibibyte, islandBytes), -1)
    assert.is(faultsOf(await manager.settledSession(client.pid)), before)

    await client.writePattern(region, seed + 1, 8.5 * gibibyte, islandBytes)
    await client.reset(region)
    assert.is(await client.verify(region, seed, 8.5 * gibibyte, islandBytes), -1)
  })

  test.run()
}
