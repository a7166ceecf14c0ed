import { test } from "uvu"
import * as assert from "uvu/assert"
import { GatedSource } from "../harness/gated_source.js"
import { startManager } from "../harness/manager.js"
import { patternFile } from "../harness/pattern.js"
import { openUserfaultfd, registeredMemory } from "./own_memory.js"
import { RawClient } from "./raw_client.js"
import { serveInTest } from "./serving.js"

const page = 4096
const lengthBytes = 16 * page

/** A session with one region, and a prefault of it under way that the source holds up. */
async function prefaultingClient(socket: string, source: GatedSource) {
  const client = new RawClient(socket)
  await client.greet()
  const userfaultfd = openUserfaultfd()
  const address = registeredMemory(userfaultfd, lengthBytes)
  const range = { offset_bytes: 0, length_bytes: lengthBytes }
  const map = { type: "map", image: "lazy", mode: "copy", address, window_bytes: 0, ...range }
  client.request(map, [userfaultfd])
  await client.next("mapped")
  client.request({ type: "prefault", region: 1, ...range })
  const read = await source.nextRead()
  return { client, map, read }
}

test("the request under way is answered, a new region refused, everybody told", async () => {
  const source = new GatedSource(lengthBytes, 1)
  const manager = await serveInTest({ images: { lazy: source } })
  const { client, read } = await prefaultingClient(manager.socket, source)
  const idle = new RawClient(manager.socket)
  await idle.greet()
  const late = new RawClient(manager.socket)
  await late.greet()

  const drained = manager.drain()
  assert.is(manager.inspect.info().state, "draining")
  assert.throws(() => new RawClient(manager.socket))
  const range = { address: 0, offset_bytes: 0, length_bytes: page, window_bytes: 0 }
  late.request({ type: "map", image: "lazy", mode: "copy", ...range })
  assert.match(await late.nextError("draining"), /takes nothing new/)
  source.open()
  read.release()

  const { pages_installed } = await client.next("prefaulted")
  assert.is(Number(pages_installed), lengthBytes / page)
  assert.is(await client.nextError("draining", 0), "This manager ends")
  assert.is(await idle.nextError("draining", 0), "This manager ends")
  await client.untilEnded()
  await drained
  assert.is(source.reads.length > 0, true)
})

test("what does not end within drain_timeout_ms is given up, and its read aborted", async () => {
  const source = new GatedSource(lengthBytes, 1)
  const config = { drainTimeoutMs: 30 }
  const manager = await serveInTest({ images: { lazy: source }, config })
  const { client, read } = await prefaultingClient(manager.socket, source)

  await manager.drain()

  await client.nextError("draining", 0)
  await client.untilEnded()
  assert.ok(read.signal.aborted)
  assert.ok(
    manager.logLines.some(({ msg }) => /still under way after drain_timeout/.test(`${msg}`)),
  )
})

test("SIGTERM drains, and the process ends with 0", async () => {
  const manager = await startManager({ images: { model: patternFile(lengthBytes, 1) } })
  const client = new RawClient(manager.socket)
  await client.greet()

  const stopped = manager.stop()

  await client.nextError("draining", 0)
  await client.untilEnded()
  await stopped
})

test.run()
