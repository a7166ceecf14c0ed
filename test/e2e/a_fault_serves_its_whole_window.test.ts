import { suite } from "uvu"
import * as assert from "uvu/assert"
import type { SessionView } from "../../manager/view.js"
import { type CClient, type CMapOptions, startCClient } from "../harness/c_client.js"
import { type Manager, startManager } from "../harness/manager.js"
import { patternFile } from "../harness/pattern.js"

const page = 4096
const kibibyte = 1024
const imageBytes = 4 * 2 ** 20

const faultsOf = ({ faults }: SessionView) => faults.missing + faults.minor
const pagesOf = (session: SessionView) => session.pages_copied + session.pages_continued

/** Faults taken and pages installed by reading one byte at each of the offsets. */
async function cost({ manager, client }: Bed, region: number, offsets: readonly number[]) {
  const before = await manager.settledSession(client.pid)
  for (const offset of offsets) await client.readByte(region, offset)
  const after = await manager.settledSession(client.pid)
  return {
    faults: faultsOf(after) - faultsOf(before),
    pages: pagesOf(after) - pagesOf(before),
  }
}

type Mode = "copy" | "share"
interface Bed {
  manager: Manager
  client: CClient
}

/** To what a window grows by itself: showing a page costs less than copying it. */
const largestKib = { copy: 256, share: 2048 }

for (const mode of ["copy", "share"] as const) {
  testWindows(mode)
  testStreaks(mode)
}

/** A manager and a client for each test. */
function suiteOf(mode: Mode) {
  const test = suite<Bed>(mode)
  test.before.each(async (context) => {
    context.manager = await startManager({ images: { image: patternFile(imageBytes, 81) } })
    context.client = await startCClient(context.manager.socket)
  })
  test.after.each(async ({ manager, client }) => {
    await client.stop()
    await manager.stop()
  })
  return test
}

function testWindows(mode: Mode): void {
  const test = suiteOf(mode)
  const map = ({ client }: Bed, options: CMapOptions = {}) =>
    client.map("image", { ...options, mode })

  test("the default window is 64 KiB, aligned: 16 pages come with one fault", async (context) => {
    const region = await map(context)

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
      const region = await map(context, { windowBytes })

      const touched = await cost(context, region, [2 * 2 ** 20 + page])

      assert.equal(touched, { faults: 1, pages: windowBytes / page })
    })
  }

  test("a window ends where its region and its image end", async (context) => {
    const options = { offsetBytes: 8 * page, lengthBytes: 20 * page }
    const region = await map(context, options)

    const all = await cost(context, region, [0, 19 * page])

    assert.is(all.pages, 20)
  })

  test.run()
}

function testStreaks(mode: Mode): void {
  const test = suiteOf(mode)
  const map = ({ client }: Bed) => client.map("image", { mode })

  test(`a sequential reader's window grows to ${largestKib[mode]} KiB`, async (context) => {
    const region = await map(context)
    const offsets = Array.from({ length: imageBytes / page }, (_, index) => index * page)

    const all = await cost(context, region, offsets)

    assert.is(all.pages, imageBytes / page)
    const atDefaultWindow = imageBytes / (64 * kibibyte)
    const atLargestWindow = imageBytes / (largestKib[mode] * kibibyte)
    assert.ok(all.faults < atDefaultWindow / 2, `${all.faults} faults`)
    assert.ok(all.faults >= atLargestWindow, `${all.faults} faults`)
  })

  test("a random reader's window does not grow", async (context) => {
    const region = await map(context)
    const offsets = Array.from({ length: 32 }, (_, index) => ((index * 37) % 64) * 64 * kibibyte)

    const all = await cost(context, region, offsets)

    assert.equal(all, { faults: 32, pages: 32 * 16 })
  })

  test.run()
}
