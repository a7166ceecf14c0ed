// Invariant 12.
import { closeSync, openSync, statSync, writeSync } from "node:fs"
import { test } from "uvu"
import * as assert from "uvu/assert"
import type { ImageView } from "../../manager/view.js"
import { startCClient } from "../harness/c_client.js"
import { startManager } from "../harness/manager.js"
import { descriptorTargets } from "../harness/observed_process.js"
import { patternFile } from "../harness/pattern.js"

const page = 4096
const mebibyte = 2 ** 20
const imageBytes = 256 * mebibyte
const hole = { offsetBytes: mebibyte, lengthBytes: 254 * mebibyte }

/** What is noted behind an image's pages, for the next manager: two maps of a bit a page. */
const notesBytesMax = (imageBytes: number): number =>
  2 * Math.ceil(imageBytes / page / 8 / page) * page

/** Bytes that the kernel holds for all memfds of a process. */
function memfdBytes(pid: number): number {
  return descriptorTargets(pid)
    .filter(({ target }) => target.startsWith("/memfd:"))
    .map(({ descriptor }) => statSync(`/proc/${pid}/fd/${descriptor}`).blocks * 512)
    .reduce((sum, bytes) => sum + bytes, 0)
}

test("a hole of 254 MiB reads as zeros and takes no memory from the manager", async () => {
  const path = patternFile(imageBytes, 51, { holes: [hole] })
  assert.ok(statSync(path).blocks * 512 <= 4 * mebibyte, "the file has a hole")
  const manager = await startManager({ images: { sparse: path } })
  const client = await startCClient(manager.socket)
  const region = await client.map("sparse")

  const sum = await client.touch(region, hole.offsetBytes, hole.lengthBytes, page)

  assert.is(sum, 0)
  const [image] = await manager.debug.get<ImageView[]>("/v1/images")
  assert.is(image?.resident_bytes, 0)
  assert.is(image?.bytes_read, 0)
  assert.ok((image?.zero_bytes ?? 0) >= hole.lengthBytes)
  assert.ok(memfdBytes(manager.pid) <= notesBytesMax(imageBytes))
  const session = await manager.settledSession(client.pid)
  assert.is(session.pages_copied, 0)
  assert.is(session.pages_zeroed, hole.lengthBytes / page)

  assert.is(await client.verify(region, 51, 0, mebibyte), -1)
  assert.is(await client.verify(region, 51, 255 * mebibyte, mebibyte), -1)
  const heldBytes = memfdBytes(manager.pid) - 2 * mebibyte
  assert.ok(heldBytes >= 0 && heldBytes <= notesBytesMax(imageBytes), `${heldBytes}`)
  await client.stop()
  await manager.stop()
})

for (const mode of ["copy", "share"] as const) {
  test(`zeros that a file does hold cost reading and no memory in mode ${mode}`, async () => {
    const path = patternFile(4 * mebibyte, 52)
    const file = openSync(path, "r+")
    writeSync(file, new Uint8Array(2 * mebibyte), 0, 2 * mebibyte, mebibyte)
    closeSync(file)
    const manager = await startManager({ images: { written: path } })
    const client = await startCClient(manager.socket)
    const region = await client.map("written", { mode, windowBytes: 65_536 })

    const sum = await client.touch(region, mebibyte, 2 * mebibyte, page)

    assert.is(sum, 0)
    const [image] = await manager.debug.get<ImageView[]>("/v1/images")
    assert.is(image?.bytes_read, 2 * mebibyte)
    assert.is(image?.zero_bytes, 2 * mebibyte)
    assert.is(image?.resident_bytes, 0)
    assert.ok(memfdBytes(manager.pid) <= notesBytesMax(4 * mebibyte))
    await client.stop()
    await manager.stop()
  })
}

test.run()
