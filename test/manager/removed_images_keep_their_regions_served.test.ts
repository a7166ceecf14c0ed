import { test } from "uvu"
import * as assert from "uvu/assert"
import { findMismatch, patternFile } from "../harness/pattern.js"
import { ImageClient } from "./image_client.js"
import { memoryAt, registeredMemory } from "./own_memory.js"
import { type Serving, serveInTest } from "./serving.js"

const page = 4096
const lengthBytes = 64 * page
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

test("of mode copy and of mode share, though nothing of them was touched before", async () => {
  const address = registeredMemory(client.userfaultfd, lengthBytes)
  await client.serve("model", { mode: "copy", address, lengthBytes })
  const share = await client.map("model", { mode: "share" })

  manager.inspect.removeImage("model")

  assert.is(findMismatch(memoryAt(address, lengthBytes), 1, 0), -1)
  assert.is(findMismatch(share.bytes, 1, 0), -1)
})

test("of mode cow, and they are still shown under their image's name", async () => {
  await manager.inspect.loadImage("model")
  const cow = await client.map("model", { mode: "cow" })

  manager.inspect.removeImage("model")

  assert.is(findMismatch(cow.bytes, 1, 0), -1)
  assert.equal(
    manager.inspect.regions().map(({ image, mode }) => `${image}: ${mode}`),
    ["model: cow"],
  )
})

test("while no new one comes to an image that was removed since it was asked for", async () => {
  const { descriptor } = await client.ask("model")
  assert.ok(descriptor !== undefined)
  manager.inspect.removeImage("model")

  const refused = await client.map("model").catch((error: Error) => error.message)

  assert.match(String(refused), /unknown_image.*This manager has no image/)
})

test("and a file of the one removed is not served with the bytes of its successor", async () => {
  const { image_id } = await client.ask("model")
  manager.inspect.removeImage("model")
  await manager.inspect.addImage("model", patternFile(lengthBytes, 2))
  const address = registeredMemory(client.userfaultfd, lengthBytes)

  await client.ask("model")

  const part = { imageId: image_id, address, lengthBytes }
  const refusals = []
  for (const mode of ["share", "copy"] as const) {
    const serving = client.serve("model", { ...part, mode })
    refusals.push(await serving.catch((error: Error) => error.message))
  }
  const asked = await client.map("model", { mode: "share" })

  for (const refusal of refusals) {
    assert.match(String(refusal), /unknown_image.*its image_id is 2, and the map's is 1, ask/)
  }
  assert.is(findMismatch(asked.bytes, 2, 0), -1)
})

test.run()
