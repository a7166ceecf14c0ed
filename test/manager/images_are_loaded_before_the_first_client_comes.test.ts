import { existsSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { GatedSource } from "../harness/gated_source.js"
import { patternFile } from "../harness/pattern.js"
import { scratchDirectory } from "../harness/scratch.js"
import { ImageClient } from "./image_client.js"
import { serveInTest } from "./serving.js"

const lengthBytes = 1 << 20

test("so that auto is cow for all of them", async () => {
  const file = patternFile(lengthBytes, 1)
  const configFile = join(scratchDirectory(), "pagerd.toml")
  writeFileSync(
    configFile,
    `[images]\nfiled = { source = "${file}", load = true }\nlazy = "${file}"`,
  )
  const source = new GatedSource(lengthBytes, 2)
  source.open()

  const manager = await serveInTest({ configFile, images: { given: { source, load: true } } })
  const client = await ImageClient.connect(manager.socket)

  assert.is((await client.ask("filed")).mode, "cow")
  assert.is((await client.ask("given")).mode, "cow")
  assert.is((await client.ask("lazy")).mode, "share")
  client.close()
  await manager.close()
})

test("an image that cannot be loaded is a manager that does not start", async () => {
  const source = { length: lengthBytes, read: () => Promise.reject(new Error("away")) }
  const sources = { attemptsMax: 1 }

  const starting = serveInTest({ images: { gone: { source, load: true } }, config: { sources } })
  const refusal = await starting.then(
    () => "it started",
    (error: Error) => error.message,
  )

  assert.match(refusal, /^Cannot load image "gone": .*away/)
})

test("a start that is given up meanwhile leaves nothing behind", async () => {
  const source = new GatedSource(lengthBytes, 1)
  const socket = join(scratchDirectory(), "pagerd.sock")
  const stop = new AbortController()

  const images = { slow: { source, load: true } }
  const starting = serveInTest({ socket, images, signal: stop.signal })
  const held = await source.nextRead()
  stop.abort(new Error("not wanted any more"))
  const refusal = await starting.then(
    () => "it started",
    (error: Error) => error.message,
  )

  assert.is(refusal, "not wanted any more")
  assert.is(held.signal.aborted, true)
  assert.is(existsSync(socket), false)
})

test("an image added with load is there when it is loaded, or not at all", async () => {
  const manager = await serveInTest()
  const path = patternFile(lengthBytes, 1)

  const added = await manager.inspect.addImage("model", path, { load: true, writable: true })

  assert.is(added.fully_resident, true)
  assert.is(added.writable, true)
  await manager.close()
})

test.run()
