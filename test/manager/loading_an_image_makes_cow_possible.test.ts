import { test } from "uvu"
import * as assert from "uvu/assert"
import { findMismatch, patternFile } from "../harness/pattern.js"
import { retryUntil } from "../harness/retry.js"
import { ImageClient } from "./image_client.js"
import { type Serving, serveInTest } from "./serving.js"

const page = 4096
const pages = 256
const lengthBytes = pages * page - 100
let manager: Serving
let client: ImageClient

test.before.each(async () => {
  manager = await serveInTest({ images: { model: patternFile(lengthBytes, 1) } })
  client = await ImageClient.connect(manager.socket)
})

test.after.each(async () => {
  client.close()
  await manager.close()
})

test("cow of an image that is not resident is refused, with how much of it is", async () => {
  const asked = client.raw.request({ type: "image", image: "model", modes: ["cow"], mode: "cow" })
  const sentence = await client.raw.nextError("not_resident", asked)
  const range = { address: page, length_bytes: page, offset_bytes: 0, window_bytes: 0 }
  const mapped = client.raw.request({ type: "map", image: "model", mode: "cow", ...range })

  const found = `0 of its ${lengthBytes} bytes are resident, load the image first`
  assert.is(sentence, `Cannot map image "model" with mode "cow": ${found}`)
  assert.is(await client.raw.nextError("not_resident", mapped), sentence)
})

test("once it is loaded, auto is cow", async () => {
  const lazy = await client.ask("model")
  const request = client.raw.request({ type: "load", image: "model" })
  const loaded = await client.raw.next("loaded")
  const [image] = manager.inspect.images()
  const resident = await client.ask("model")
  const again = client.raw.request({ type: "load", image: "model" })

  assert.is(lazy.mode, "share")
  assert.is(lazy.why, "not all of the image is resident")
  assert.is(loaded.request, request)
  assert.is(Number(loaded.resident_bytes), lengthBytes)
  assert.is(image?.fully_resident, true)
  assert.is(resident.mode, "cow")
  assert.is(resident.why, "the whole image is resident")
  assert.is((await client.raw.next("loaded")).request, again)
})

test("a region of it has the image's bytes, and nothing of it is the engine's", async () => {
  await manager.inspect.loadImage("model")

  const region = await client.map("model")
  const bytes = region.bytes.subarray(0, lengthBytes)
  assert.is(findMismatch(bytes, 1, 0), -1)
  bytes.fill(0xee)
  const beside = await client.map("model")

  assert.is(findMismatch(beside.bytes.subarray(0, lengthBytes), 1, 0), -1)
  const [session] = manager.inspect.sessions()
  assert.equal(session?.regions_by_mode, { copy: 0, share: 0, cow: 2 })
  assert.is(session?.faults.missing, 0)
  assert.is(manager.inspect.images()[0]?.regions, 2)
  const [view] = manager.inspect.regions()
  assert.is(view?.mode, "cow")
  assert.is(view?.access, "private")
  assert.is(view?.mode_reason, "the whole image is resident")
})

test("prefault, reset and unmap of such a region are answered", async () => {
  await manager.inspect.loadImage("model")
  const { region } = await client.map("model")

  client.raw.request({ type: "prefault", region, offset_bytes: 0, length_bytes: 0 })
  assert.is(Number((await client.raw.next("prefaulted")).pages_installed), 0)
  client.raw.request({ type: "reset", region })
  await client.raw.next("reset_done")
  assert.is(manager.inspect.regions()[0]?.resets, 1)
  client.raw.request({ type: "unmap", region })
  await client.raw.next("unmapped")

  assert.equal(manager.inspect.regions(), [])
  assert.is(manager.inspect.images()[0]?.regions, 0)
})

test("the userfaultfd comes with the first region that is not cow", async () => {
  await manager.inspect.loadImage("model")
  const cow = await client.map("model", { mode: "cow" })

  const share = await client.map("model", { mode: "share" })

  assert.is(cow.mode, "cow")
  assert.is(findMismatch(share.bytes.subarray(0, lengthBytes), 1, 0), -1)
  assert.is(share.why, "asked for")
  const [session] = manager.inspect.sessions()
  assert.equal(session?.regions_by_mode, { copy: 0, share: 1, cow: 1 })
})

test("a client that goes takes its regions of mode cow along", async () => {
  await manager.inspect.loadImage("model")
  await client.map("model")

  client.raw.close()

  await retryUntil("no region", 5_000, () => manager.inspect.images()[0]?.regions === 0)
  assert.is(manager.inspect.sessions().length, 0)
})

test.run()
