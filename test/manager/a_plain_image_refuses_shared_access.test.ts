import { closeSync, openSync } from "node:fs"
import { test } from "uvu"
import * as assert from "uvu/assert"
import type { ErrorCode } from "../../protocol/messages.js"
import { patternFile } from "../harness/pattern.js"
import { ImageClient } from "./image_client.js"
import { type Serving, serveInTest } from "./serving.js"

const lengthBytes = 4 * 4096
let manager: Serving
let client: ImageClient

test.before(async () => {
  const source = patternFile(lengthBytes, 1)
  manager = await serveInTest({ images: { plain: source, board: { source, writable: true } } })
})

test.after(() => manager.close())

test.before.each(async () => {
  client = await ImageClient.connect(manager.socket)
})

test.after.each(() => client.close())

const refusals: [ErrorCode, string, object, RegExp][] = [
  ["unsupported_access", "plain", { access: "shared" }, /"plain" with access "shared": it was not/],
  ["unsupported_access", "board", {}, /"board" with access "private": it is writable/],
  ["unsupported_mode", "board", { access: "shared", mode: "copy" }, /wanted "share" or "auto"/],
  ["unsupported_mode", "board", { access: "shared", mode: "cow" }, /wanted "share" or "auto"/],
]

for (const [code, image, wish, sentence] of refusals) {
  test(`${image} with ${JSON.stringify(wish)}, asked for and mapped`, async () => {
    const modes = ["copy", "share", "cow"]
    const asked = client.raw.request({ type: "image", image, modes, ...wish })
    assert.match(await client.raw.nextError(code, asked), sentence)

    const range = { address: 4096, length_bytes: lengthBytes, offset_bytes: 0, window_bytes: 0 }
    const message = { type: "map", image, mode: "share", ...range, ...wish }
    const mapped = client.raw.request(message, [client.userfaultfd])
    assert.match(await client.raw.nextError(code, mapped), sentence)

    assert.is(manager.inspect.regions().length, 0)
  })
}

test("a client that says nothing of modes can map neither a writable image nor share", async () => {
  const asked = client.raw.request({ type: "image", image: "board", access: "shared" })
  assert.match(await client.raw.nextError("unsupported_mode", asked), /can do "copy" there/)

  const range = { address: 4096, length_bytes: lengthBytes, offset_bytes: 0, window_bytes: 0 }
  const message = { type: "map", image: "board", mode: "auto", access: "shared", ...range }
  const mapped = client.raw.request(message, [client.userfaultfd])
  assert.match(await client.raw.nextError("unsupported_mode", mapped), /can do "copy" there/)
})

test("a published file is plain", async () => {
  const file = openSync(patternFile(lengthBytes, 1), "r+")
  client.raw.request({ type: "publish", image: "mine" }, [file])
  closeSync(file)
  const { image } = await client.raw.next("published")

  const asked = client.raw.request({ type: "image", image, modes: ["share"], access: "shared" })

  await client.raw.nextError("unsupported_access", asked)
  assert.is(manager.inspect.images().find(({ name }) => name === image)?.writable, false)
})

test.run()
