// Invariant 6.
import { test } from "uvu"
import * as assert from "uvu/assert"
import type { RegionView } from "../../manager/view.js"
import { type CClient, startCClient } from "../harness/c_client.js"
import { startManager } from "../harness/manager.js"
import { patternFile } from "../harness/pattern.js"
import { scratchDirectory } from "../harness/scratch.js"

const page = 4096
const pages = 512
const imageBytes = pages * page
const seed = 71
const images = { image: patternFile(imageBytes, seed) }

/** Of a region over all of the image. */
async function expectImage(client: CClient, region: number, from: number, count: number) {
  const found = await client.verify(region, seed, from * page, count * page)
  assert.is(found, -1, `the image from page ${from}`)
}

async function expectZeros(client: CClient, region: number, from: number, count: number) {
  const sum = await client.touch(region, from * page, count * page, 1)
  assert.is(sum, 0, `zeros from page ${from}`)
}

for (const way of ["map", "attach"] as const) {
  test(`zeros in a region of ${way}, the image beside it, until a reset`, async () => {
    const manager = await startManager({ images })
    const client = await startCClient(manager.socket)
    const options = { onDiscard: "zero" } as const
    const other = await client.map("image", { mode: "copy" })
    const region =
      way === "map"
        ? await client.map("image", options)
        : await client.attach("image", imageBytes, options)
    const views = await manager.debug.get<RegionView[]>("/v1/regions")
    assert.equal(
      views.map(({ mode, on_discard }) => [mode, on_discard]),
      [
        ["copy", "image"],
        ["copy", "zero"],
      ],
    )

    await expectImage(client, region, 0, 40)
    await client.advise(region, 10 * page, 100 * page, "dontNeed")
    await client.advise(other, 10 * page, 100 * page, "dontNeed")
    await expectZeros(client, region, 10, 100)
    await expectImage(client, region, 110, pages - 110)
    await expectImage(client, other, 0, pages)

    await client.writePattern(region, seed + 1, 0, 50 * page)
    await client.reset(region)
    await expectImage(client, region, 0, pages)
    await client.advise(region, 0, page, "dontNeed")
    await expectZeros(client, region, 0, 1)
    await client.disconnect()
    await client.stop()
    await manager.stop()
  })
}

test("a reset brings back the image also where nobody has ever read its bytes", async () => {
  const manager = await startManager({ images })
  const client = await startCClient(manager.socket)
  const region = await client.map("image", { onDiscard: "zero" })

  await client.advise(region, 0, imageBytes, "dontNeed")
  await expectZeros(client, region, 0, pages)
  await client.reset(region)

  await expectImage(client, region, 0, pages)
  await client.stop()
  await manager.stop()
})

test("only who discards in a region of zeros waits for a manager that is away", async () => {
  const directory = scratchDirectory()
  const first = await startManager({ images, directory })
  const client = await startCClient(first.socket)
  const other = await client.map("image", { mode: "copy" })
  const region = await client.map("image", { onDiscard: "zero" })
  await client.prefault(region, 0, 0)
  await first.kill()

  await client.advise(other, 0, page, "dontNeed")
  const late = client.advise(region, 0, 4 * page, "dontNeed")
  const second = await startManager({ images, directory })

  await late
  await expectZeros(client, region, 0, 4)
  await expectImage(client, region, 4, pages - 4)
  await expectImage(client, other, 0, pages)
  await client.stop()
  await second.stop()
})

test("a reset waits for the next manager, and what ended meanwhile stays ended", async () => {
  const directory = scratchDirectory()
  const first = await startManager({ images, directory })
  const client = await startCClient(first.socket)
  const region = await client.map("image", { onDiscard: "zero" })
  const ended = await client.map("image", { onDiscard: "zero" })
  await client.advise(region, 0, 8 * page, "dontNeed")
  await expectZeros(client, region, 0, 8)
  await first.kill()

  await client.unmap(ended)
  const reset = client.reset(region)
  const second = await startManager({ images, directory })
  await reset
  const anew = await client.map("image", { onDiscard: "zero" })

  await expectImage(client, region, 0, pages)
  await client.advise(anew, page, 2 * page, "dontNeed")
  await expectZeros(client, anew, 1, 2)
  await expectImage(client, anew, 3, pages - 3)
  assert.is((await second.debug.get<RegionView[]>("/v1/regions")).length, 2)
  await client.stop()
  await second.stop()
})

test("what a file is mapped for is refused", async () => {
  const manager = await startManager({ images })
  const client = await startCClient(manager.socket)
  await client.load("image")

  for (const mode of ["share", "cow"] as const) {
    const refusal = await client.map("image", { mode, onDiscard: "zero" }).catch((error) => error)
    assert.is(refusal.code, "unsupported_mode")
    assert.match(refusal.message, /discarded pages are to read as zeros, and a file's would come/)
  }
  await client.stop()
  await manager.stop()
})

test.run()
