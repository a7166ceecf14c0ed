import { suite } from "uvu"
import * as assert from "uvu/assert"
import { type CClient, startCClient } from "../harness/c_client.js"
import { type Manager, startManager } from "../harness/manager.js"
import { patternFile } from "../harness/pattern.js"

const page = 4096
const kibibyte = 1024
const imageBytes = 4 * 2 ** 20

const test = suite<{ manager: Manager; client: CClient }>()

test.before.each(async (context) => {
  context.manager = await startManager({ images: { image: patternFile(imageBytes, 81) } })
  context.client = await startCClient(context.manager.socket)
})

test.after.each(async ({ manager, client }) => {
  await client.stop()
  await manager.stop()
})

/** Faults taken and pages installed by reading one byte at each of the offsets. */
async function cost(
  { manager, client }: { manager: Manager; client: CClient },
  region: number,
  offsets: readonly number[],
) {
  const before = await manager.settledSession(client.pid)
  for (const offset of offsets) await client.readByte(region, offset)
  const after = await manager.settledSession(client.pid)
  return {
    faults: after.faults.missing - before.faults.missing,
    pages: after.pages_copied - before.pages_copied,
  }
}

test("the default window is 64 KiB, aligned: 16 pages come with one fault", async (context) => {
  const region = await context.client.map("image")

  const first = await cost(context, region, [40 * page + 5])
  const sameWindow = await cost(context, region, [32 * page, 47 * page])
  const farAway = await cost(context, region, [500 * page])

  assert.equal(first, { faults: 1, pages: 16 })
  assert.equal(sameWindow, { faults: 0, pages: 0 })
  assert.equal(farAway, { faults: 1, pages: 16 })
})

for (const windowKib of [4, 16, 512, 2048]) {
  test(`a region can ask for windows of ${windowKib} KiB`, async (context) => {
    const windowBytes = windowKib * kibibyte
    const region = await context.client.map("image", { windowBytes })

    const touched = await cost(context, region, [2 * 2 ** 20 + page])

    assert.equal(touched, { faults: 1, pages: windowBytes / page })
  })
}

test("a window ends where its region and its image end", async (context) => {
  const options = { offsetBytes: 8 * page, lengthBytes: 20 * page }
  const region = await context.client.map("image", options)

  const all = await cost(context, region, [0, 19 * page])

  assert.is(all.pages, 20)
})

test("a sequential reader's window grows to 256 KiB", async (context) => {
  const region = await context.client.map("image")
  const offsets = Array.from({ length: imageBytes / page }, (_, index) => index * page)

  const all = await cost(context, region, offsets)

  assert.is(all.pages, imageBytes / page)
  const atDefaultWindow = imageBytes / (64 * kibibyte)
  const atLargestWindow = imageBytes / (256 * kibibyte)
  assert.ok(all.faults < atDefaultWindow / 2, `${all.faults} faults`)
  assert.ok(all.faults >= atLargestWindow, `${all.faults} faults`)
})

test("a random reader's window does not grow", async (context) => {
  const region = await context.client.map("image")
  const offsets = Array.from({ length: 32 }, (_, index) => ((index * 37) % 64) * 64 * kibibyte)

  const all = await cost(context, region, offsets)

  assert.equal(all, { faults: 32, pages: 32 * 16 })
})

test.run()
