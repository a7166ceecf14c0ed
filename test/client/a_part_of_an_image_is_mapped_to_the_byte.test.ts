import { constants } from "node:buffer"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { connect } from "../../client/index.js"
import { startManager } from "../harness/manager.js"
import { findMismatch, patternFile } from "../harness/pattern.js"

const page = 4096
const gib = 2 ** 30

test("offset and length choose the part; behind the image's end the page is zeros", async () => {
  const imageBytes = 20 * page + 1
  const manager = await startManager({ images: { image: patternFile(imageBytes, 1) } })
  const pager = await connect({ socket: manager.socket })

  const middle = await pager.map("image", { offset: 3 * page, length: 2 * page + 8 })
  const end = await pager.map("image", { offset: 20 * page })

  assert.is(middle.buffer.byteLength, 2 * page + 8)
  assert.is(findMismatch(new Uint8Array(middle.buffer), 1, 3 * page), -1)
  assert.is(end.byteLength, 1)
  await pager.close()
  await manager.stop()
})

test("a part beyond the image, or one that begins within a page, is refused by name", async () => {
  const manager = await startManager({ images: { image: patternFile(4 * page, 1) } })
  const pager = await connect({ socket: manager.socket })
  const refused = (options: object) => pager.map("image", options).catch((error) => error.code)

  assert.is(await refused({ offset: 4 * page }), "region_beyond_image")
  assert.is(await refused({ length: 4 * page + 1 }), "region_beyond_image")
  assert.is(await refused({ offset: 1 }), "region_misaligned")
  assert.is(await refused({ offset: -page }), "bad_argument")
  assert.is(await refused({ length: 0 }), "bad_argument")
  assert.is(await refused({ window: 12_288 }), "bad_argument")
  assert.is(await refused({ mode: "fast" }), "bad_argument")
  assert.is((await pager.map("image")).byteLength, 4 * page, "the session goes on")
  await pager.close()
  await manager.stop()
})

test("a region longer than an ArrayBuffer can be is seen in parts", async () => {
  const imageBytes = 4 * gib + 2 * page
  const tail = { offsetBytes: 4 * gib, lengthBytes: 2 * page }
  const manager = await startManager({
    images: { image: patternFile(imageBytes, 1, { only: [tail] }) },
  })
  const pager = await connect({ socket: manager.socket })
  const region = await pager.map("image")

  const part = new Uint8Array(region.view(4 * gib, 2 * page))

  assert.is(findMismatch(part, 1, 4 * gib), -1)
  if (constants.MAX_LENGTH < imageBytes) {
    assert.throws(() => region.buffer, /limit of 4294967296 .*: take parts with view/)
  } else {
    assert.is(region.buffer.byteLength, imageBytes)
  }
  await pager.close()
  await manager.stop()
})

test.run()
