import { test } from "uvu"
import * as assert from "uvu/assert"
import { GatedSource } from "../harness/gated_source.js"
import { retryUntil } from "../harness/retry.js"
import { RawClient } from "./raw_client.js"
import { type Serving, serveInTest } from "./serving.js"

const lengthBytes = 4 << 20
const sources = { attemptsMax: 2, backoffMs: 1, backoffMaxMs: 1, breakerOpenMs: 10 }
let source: GatedSource
let manager: Serving
let clients: RawClient[]

test.before.each(async () => {
  source = new GatedSource(lengthBytes, 1)
  manager = await serveInTest({ images: { lazy: source }, config: { sources } })
  clients = Array.from({ length: 8 }, () => new RawClient(manager.socket))
  for (const client of clients) await client.greet()
})

test.after.each(async () => {
  for (const client of clients) client.close()
  await manager.close()
})

test("and every byte is read once", async () => {
  for (const client of clients) client.request({ type: "load", image: "lazy" })
  const held = await source.nextRead()
  const beforeAnswer = clients.map(({ untaken }) => untaken)
  held.release()
  source.open()
  const answers = await Promise.all(clients.map((client) => client.next("loaded")))

  assert.equal(beforeAnswer, Array(8).fill(0))
  for (const answer of answers) assert.is(Number(answer.resident_bytes), lengthBytes)
  const read = source.reads.reduce((bytes, { length }) => bytes + length, 0)
  assert.is(read, lengthBytes)
  const begun = manager.logLines.filter(({ msg }) => msg === "loading an image")
  assert.is(begun.length, 1)
})

test("which may fail for all of them, and be tried again", async () => {
  const fail = source.read.bind(source)
  source.read = async () => {
    throw new Error("the store is away")
  }
  for (const client of clients) client.request({ type: "load", image: "lazy" })
  for (const client of clients) {
    const sentence = await client.nextError("image_failed")
    assert.match(sentence, /^Cannot load image "lazy": .*the store is away/)
  }

  source.read = fail
  source.open()
  // Until then its source is left alone.
  const loaded = await retryUntil("a load", 10_000, () => {
    return manager.inspect.loadImage("lazy").catch(() => undefined)
  })

  assert.is(loaded.fully_resident, true)
})

test("and the image can be removed meanwhile", async () => {
  const [client] = clients
  client?.request({ type: "load", image: "lazy" })
  const held = await source.nextRead()

  manager.inspect.removeImage("lazy")

  assert.match((await client?.nextError("image_failed")) ?? "", /^Cannot load image "lazy": /)
  assert.is(held.signal.aborted, true)
})

test.run()
