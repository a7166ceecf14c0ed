import { readFileSync } from "node:fs"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { findMismatch, patternFile } from "../harness/pattern.js"
import { ImageClient } from "./image_client.js"
import { serveInTest } from "./serving.js"

const page = 4096
const pages = 64
const holes = [{ offsetBytes: 32 * page, lengthBytes: 16 * page }]
const shared = { access: "shared" } as const

test("on pages with bytes and on zero pages, and never in its source", async () => {
  const source = patternFile(pages * page, 1, { holes })
  const before = readFileSync(source)
  const manager = await serveInTest({ images: { board: { source, writable: true } } })
  const one = await ImageClient.connect(manager.socket)
  const other = await ImageClient.connect(manager.socket)
  const writer = await one.map("board", shared)
  const reader = await other.map("board", shared)

  // Written before anybody has read them, and after.
  writer.bytes.write("first", 3 * page)
  assert.is(reader.bytes.toString("latin1", 3 * page, 3 * page + 5), "first")
  assert.is(findMismatch(reader.bytes.subarray(8 * page, 32 * page), 1, 8 * page), -1)
  writer.bytes.write("later", 20 * page)
  assert.is(reader.bytes.toString("latin1", 20 * page, 20 * page + 5), "later")
  assert.is(reader.bytes.readUInt8(40 * page), 0)
  reader.bytes.write("where nothing was", 40 * page)
  assert.is(writer.bytes.toString("latin1", 40 * page, 40 * page + 17), "where nothing was")

  const late = await ImageClient.connect(manager.socket)
  const newcomer = await late.map("board", shared)
  assert.is(newcomer.bytes.toString("latin1", 3 * page, 3 * page + 5), "first")
  assert.equal(writer.bytes.compare(newcomer.bytes), 0)
  assert.equal(readFileSync(source), before)

  const regions = manager.inspect.regions()
  assert.equal(
    regions.map(({ mode, access, mode_reason }) => `${mode}, ${access}: ${mode_reason}`),
    Array(3).fill("share, shared: writes are shared"),
  )
  const stats = manager.inspect.stats()
  assert.ok(stats.pages_continued > 0)
  assert.is(stats.pages_copied, 0)
  assert.is(stats.pages_poisoned, 0)
  const writes = manager.inspect.faults(0, 1_000).filter(({ is_write }) => is_write)
  assert.ok(writes.some(({ image_offset_bytes }) => image_offset_bytes === 3 * page))
  for (const client of [one, other, late]) client.close()
  await manager.close()
})

test.run()
