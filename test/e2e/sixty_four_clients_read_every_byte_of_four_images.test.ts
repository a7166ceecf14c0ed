// time limit: 120 s
import { test } from "uvu"
import * as assert from "uvu/assert"
import type { ImageView, StatsView } from "../../manager/view.js"
import { startCClient } from "../harness/c_client.js"
import { startManager } from "../harness/manager.js"
import { patternFile } from "../harness/pattern.js"

const clientCount = 64
// The last one ends within a page.
const imageBytes = [4 * 2 ** 20, 4 * 2 ** 20, 2 ** 20, 2 ** 20 + 1240]

test("64 clients read four images at once, every byte is right and was read once", async () => {
  const paths = imageBytes.map((length, seed) => patternFile(length, seed))
  const images = Object.fromEntries(paths.map((path, seed) => [`image-${seed}`, path]))
  const manager = await startManager({ images })
  const clients = await Promise.all(
    Array.from({ length: clientCount }, () => startCClient(manager.socket)),
  )

  const mismatches = await Promise.all(
    clients.flatMap((client, number) =>
      imageBytes.map(async (_, turn) => {
        // Each begins with another image, so that all four are cold to somebody at once.
        const seed = (number + turn) % imageBytes.length
        const region = await client.map(`image-${seed}`)
        return await client.verify(region, seed, 0, imageBytes[seed] ?? 0)
      }),
    ),
  )

  assert.ok(mismatches.every((mismatch) => mismatch === -1))
  const stats = await manager.debug.get<StatsView>("/v1/stats")
  assert.is(stats.sessions, clientCount)
  assert.is(stats.regions, clientCount * imageBytes.length)
  for (const image of await manager.debug.get<ImageView[]>("/v1/images")) {
    const length = imageBytes[Number(image.name.slice(-1))]
    assert.is(image.bytes_read, length, `${image.name} was read once, not once a client`)
    assert.is(image.regions, clientCount)
  }
  await Promise.all(clients.map((client) => client.stop()))
  await manager.stop()
})

test.run()
