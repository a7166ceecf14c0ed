import { Packr } from "msgpackr"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { patternFile } from "../harness/pattern.js"
import { openUserfaultfd, registeredMemory } from "./own_memory.js"
import { RawClient } from "./raw_client.js"
import { type Serving, serveInTest } from "./serving.js"

const hello = { type: "hello", version: 1, client: "raw", want_device: false }
const image = { type: "image", request: 3, image: "model" }
let manager: Serving

test.before(async () => {
  manager = await serveInTest({ images: { model: patternFile(1 << 20, 1) } })
})

test.after(() => manager.close())

const stranger = () => new RawClient(manager.socket)
async function greeted(): Promise<RawClient> {
  const client = stranger()
  await client.greet()
  return client
}

/** A newcomer is served as if nothing had happened. */
async function stillServes(): Promise<void> {
  const client = await greeted()
  client.send(image)
  await client.next("image_found")
  client.close()
}

test("wrong_version says both versions", async () => {
  const client = stranger()

  client.send({ ...hello, version: 99 })

  const sentence = await client.nextError("wrong_version", 0)
  assert.is(sentence, "The client speaks version 99 of the protocol, this manager version 1")
  await client.untilEnded()
  await stillServes()
})

test("unexpected_message, when the first is no hello", async () => {
  const client = stranger()

  client.send(image)

  const sentence = await client.nextError("unexpected_message", 3)
  assert.is(sentence, 'The first message is "image", wanted "hello"')
  await client.untilEnded()
})

test("unexpected_message, when hello comes twice", async () => {
  const client = await greeted()

  client.send(hello)

  await client.nextError("unexpected_message", 0)
  await client.untilEnded()
})

test("malformed_frame answers the request it can make out", async () => {
  const client = await greeted()

  client.send({ type: "image", request: 41, image: "/etc/passwd" })

  const sentence = await client.nextError("malformed_frame", 41)
  assert.match(sentence, /field "image" is "\/etc\/passwd", but an image name is/)
  await client.untilEnded()
  await stillServes()
})

test("malformed_frame, of an empty one", async () => {
  const client = await greeted()

  client.send(new Uint8Array())

  assert.match(await client.nextError("malformed_frame", 0), /ends after 0 bytes/)
  await client.untilEnded()
})

test("malformed_frame, of one that ends in the middle", async () => {
  const client = await greeted()

  client.send(new Packr({ useRecords: false }).pack(image).subarray(0, 12))

  assert.match(await client.nextError("malformed_frame", 0), /ends after 12 bytes, in the middle/)
  await client.untilEnded()
})

test("surplus_descriptors says how many came and how many are wanted", async () => {
  const client = await greeted()

  client.send(image, [0, 1, 2])

  const sentence = await client.nextError("surplus_descriptors", 3)
  assert.is(sentence, '"image" came with 3 descriptors, wanted none')
  await client.untilEnded()
})

test("surplus_descriptors, when a second userfaultfd comes", async () => {
  const client = await greeted()
  const userfaultfd = openUserfaultfd()
  const map = {
    type: "map",
    image: "model",
    mode: "copy",
    address: registeredMemory(userfaultfd, 1 << 20),
    length_bytes: 4096,
    offset_bytes: 0,
    window_bytes: 0,
  }
  client.request(map, [userfaultfd])
  await client.next("mapped")

  const request = client.request({ ...map, address: map.address + 4096n }, [userfaultfd])

  assert.match(await client.nextError("surplus_descriptors", request), /with the first map only/)
  await client.untilEnded()
  await stillServes()
})

test.run()
