import { closeSync } from "node:fs"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { patternFile } from "../harness/pattern.js"
import { features, openUserfaultfd, registeredMemory } from "./own_memory.js"
import { RawClient } from "./raw_client.js"
import { type Serving, serveInTest } from "./serving.js"

const page = 4096
let manager: Serving
let client: RawClient
let userfaultfd: number

test.before(async () => {
  manager = await serveInTest({ images: { model: patternFile(4 * page, 1) } })
})

test.after(() => manager.close())

test.after.each(() => {
  client.close()
  closeSync(userfaultfd)
})

/** Asks for a region of a new session's. */
async function ask(asked: bigint, fields: object): Promise<void> {
  client = new RawClient(manager.socket)
  userfaultfd = openUserfaultfd(asked | features.minorShmem)
  await client.greet()
  const address = registeredMemory(userfaultfd, page)
  const range = { address, length_bytes: page, offset_bytes: 0, window_bytes: 0 }
  client.request({ type: "map", image: "model", mode: "copy", ...range, ...fields }, [userfaultfd])
}

test("without EVENT_REMOVE, when mapped and when chosen later", async () => {
  const refusal = /"model": its userfaultfd was made without the feature EVENT_REMOVE, wanted one/

  await ask(features.eventUnmap, { on_discard: "zero" })
  assert.match(await client.nextError("unsupported_discard"), refusal)
  const address = registeredMemory(userfaultfd, page)
  const range = { address, length_bytes: page, offset_bytes: 0, window_bytes: 0 }
  client.request({ type: "map", image: "model", mode: "copy", ...range, on_discard: "image" })
  const { region, on_discard } = await client.next("mapped")
  assert.is(on_discard, "image")

  client.request({ type: "choose_discard", region, on_discard: "zero" })
  assert.match(await client.nextError("unsupported_discard"), refusal)
  client.request({ type: "choose_discard", region, on_discard: "image" })
  assert.is((await client.next("discard_chosen")).region, region)
})

test("in mode share", async () => {
  const image_id = manager.inspect.images().length

  await ask(features.eventRemove, { mode: "share", image_id, on_discard: "zero" })

  const refusal = /in mode "share" a discarded page is the image file's again, wanted mode "copy"/
  assert.match(await client.nextError("unsupported_discard"), refusal)
})

test("who does not ask is not told", async () => {
  await ask(features.eventRemove, {})

  const mapped = await client.next("mapped")
  assert.not("on_discard" in mapped)
  assert.is(manager.inspect.regions()[0]?.on_discard, "zero")
})

test("a choice is of a region of the session's", async () => {
  await ask(features.eventRemove, {})
  const { region } = await client.next("mapped")

  client.request({ type: "choose_discard", region: region + 1, on_discard: "image" })

  assert.match(await client.nextError("unknown_region"), /has no region 2/)
})

test.run()
