// Invariant 6.
import { test } from "uvu"
import * as assert from "uvu/assert"
import type { RegionView } from "../../manager/view.js"
import type { HostileClient } from "../harness/hostile_client.js"
import { layoutFeatures, startLayoutClient } from "../harness/layout_client.js"
import { startManager } from "../harness/manager.js"
import { patternFile } from "../harness/pattern.js"

const pages = 256
const seed = 31
const images = { image: patternFile(pages * 4096, seed) }

/** From page `first` on, all of them are the image's, or all zeros. */
async function expectPages(client: HostileClient, first: number, count: number, wanted: string) {
  const words = wanted === "zero" ? ["zero", first, count] : ["verify", first, count, seed]
  assert.is(await client.order(...words), -1, `${wanted} from page ${first}`)
}

for (const [features, asked, wanted] of [
  ["remove", "image", "image"],
  ["remove", "zero", "zero"],
  // What always was.
  ["remove", "", "zero"],
  ["all", "image", "image"],
  ["raw", "image", "image"],
  ["raw", "zero", "zero"],
] as const) {
  test(`with "${asked}" and features "${features}" they are ${wanted}`, async () => {
    const manager = await startManager({ images })
    const client = await startLayoutClient(manager.socket)
    await client.order("map", "image", pages, layoutFeatures[features], asked)

    await expectPages(client, 0, 8, "image")
    await client.order("remove", 2, 4)
    await client.order("remove", 64, 100)

    await expectPages(client, 2, 4, wanted)
    await expectPages(client, 64, 100, wanted)
    await expectPages(client, 0, 2, "image")
    await expectPages(client, 6, 58, "image")
    await expectPages(client, 164, pages - 164, "image")
    const [region] = await manager.debug.get<RegionView[]>("/v1/regions")
    assert.is(region?.on_discard, wanted)
    await client.kill()
    await manager.stop()
  })
}

test("moved pages and forked children go on with the choice; what grows is zeros", async () => {
  const manager = await startManager({ images })
  const client = await startLayoutClient(manager.socket)
  await client.order("map", "image", pages, layoutFeatures.all, "image")

  await client.order("move", 100, 20, 4)
  await client.order("remove", 100, 10)
  await expectPages(client, 100, 20, "image")
  await client.order("remove", pages, 2)
  await expectPages(client, pages, 4, "zero")
  await client.order("fork")
  await client.order("remove", 0, 50)
  await client.order("remove", 110, 10)
  await expectPages(client, 0, 120, "image")
  assert.is(await client.order("exit"), 0)
  await client.order("remove", 0, 100)
  await client.order("remove", 100, 20)

  await expectPages(client, 0, pages, "image")
  await client.kill()
  await manager.stop()
})

test.run()
