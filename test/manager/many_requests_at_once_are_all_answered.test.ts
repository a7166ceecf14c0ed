// Invariant 9.
import { test } from "uvu"
import * as assert from "uvu/assert"
import { GatedSource } from "../harness/gated_source.js"
import { openUserfaultfd, registeredMemory } from "./own_memory.js"
import { RawClient } from "./raw_client.js"
import { serveInTest } from "./serving.js"

const page = 4096
const requests = 40

const ascending = (one: number, other: number) => one - other

test("though only a few are worked on, and the socket is not read meanwhile", async () => {
  const source = new GatedSource(requests * page, 1)
  const config = { limits: { requestsInFlightMax: 4 } }
  const manager = await serveInTest({ images: { lazy: source }, config })
  const client = new RawClient(manager.socket)
  await client.greet()
  const userfaultfd = openUserfaultfd()
  const address = registeredMemory(userfaultfd, requests * page)
  const range = { offset_bytes: 0, length_bytes: requests * page }
  client.request({ type: "map", image: "lazy", mode: "copy", address, window_bytes: 0, ...range }, [
    userfaultfd,
  ])
  await client.next("mapped")

  const sent = Array.from({ length: requests }, (_, at) =>
    client.request({ type: "prefault", region: 1, offset_bytes: at * page, length_bytes: page }),
  )
  const last = client.request({ type: "image", image: "none" })
  const held = await source.nextRead()
  const beside = new RawClient(manager.socket)
  await beside.greet()
  for (let round = 0; round < requests; round += 1) {
    beside.request({ type: "image", image: "none" })
    await beside.nextError("unknown_image")
  }
  assert.is(client.untaken, 0, "a request behind those that are worked on is not even read")
  held.release()
  source.open()

  const answered = []
  for (const _ of [...sent, last]) answered.push((await client.nextOfAny()) as { request: number })
  const numbers = answered.map(({ request }) => request)
  assert.equal(numbers.toSorted(ascending), [...sent, last])
  beside.close()
  client.close()
  await manager.close()
})

test.run()
