import { test } from "uvu"
import * as assert from "uvu/assert"
import { startCClient } from "../harness/c_client.js"
import { type Manager, startManager } from "../harness/manager.js"
import { patternFile } from "../harness/pattern.js"
import { retryUntil } from "../harness/retry.js"

/** More than a reset puts back page by page: it drops them. */
const imageBytes = 2 ** 24
const page = 4096

let manager: Manager

test.before(async () => {
  manager = await startManager({ images: { image: patternFile(imageBytes, 91) } })
})

test.after(() => manager.stop())

// Cow last: it needs the whole image, which is loaded before it.
for (const mode of ["copy", "share", "cow"] as const) {
  test(`what a client wrote is gone after a reset, for it alone: ${mode}`, async () => {
    if (mode === "cow") await manager.debug.ask("POST", "/v1/images/image/load")
    const writer = await startCClient(manager.socket)
    const neighbour = await startCClient(manager.socket)
    const written = await writer.map("image", { mode })
    const region = await neighbour.map("image", { mode })
    await writer.writePattern(written, 92, 0, imageBytes)
    assert.is(await writer.verify(written, 92, 0, imageBytes), -1)
    assert.is(await neighbour.verify(region, 91, 0, imageBytes), -1, "the write reached nobody")
    await neighbour.writePattern(region, 93, 0, page)

    await writer.reset(written)

    assert.is(await writer.verify(written, 91, 0, imageBytes), -1)
    assert.is(await neighbour.verify(region, 93, 0, page), -1)
    await Promise.all([writer.stop(), neighbour.stop()])
  })
}

test("pages that were dropped count as resident no more", async () => {
  const client = await startCClient(manager.socket)
  const region = await client.map("image", { mode: "copy" })
  await client.touch(region, 0, imageBytes)
  await retryUntil("resident pages", 5_000, async () => (await residentPages(client)) > 0)

  await client.reset(region)

  // The note of it follows on its own way.
  await retryUntil("no resident pages", 5_000, async () => (await residentPages(client)) === 0)
  await client.stop()
})

const residentPages = async ({ pid }: { pid: number }): Promise<number> =>
  (await manager.session(pid)).resident_pages

test.run()
