import { once } from "node:events"
import { test } from "uvu"
import * as assert from "uvu/assert"
import type { FaultView } from "../../manager/view.js"
import { type FakeDebugSocket, startFakeDebugSocket } from "./fake_debug_socket.js"
import { sequences, streamLines } from "./fault_lines.js"

let debug: FakeDebugSocket
test.before.each(async () => {
  debug = await startFakeDebugSocket()
})
test.after.each(() => debug.close())

async function listed(parameters: string): Promise<(number | string)[]> {
  return sequences((await debug.ask("GET", `/v1/faults${parameters}`)).json() as FaultView[])
}

test("without a limit the last hundred are listed, oldest first", async () => {
  debug.manager.addFaults(250)

  const all = await listed("")

  assert.is(all.length, 100)
  assert.is(all[0], 151)
  assert.is(all[99], 250)
})

test("limit, after and session choose among them", async () => {
  debug.manager.addFaults(5, { session: "s1" })
  debug.manager.addFaults(5, { session: "s2" })

  assert.equal(await listed("?limit=2"), [9, 10])
  assert.equal(await listed("?limit=0"), [])
  assert.equal(await listed("?after=3&limit=3"), [4, 5, 6])
  assert.equal(await listed("?session=s1&limit=2"), [4, 5])
  assert.equal(await listed("?session=s2&after=6"), [7, 8, 9, 10])
  assert.equal(await listed("?session=gone"), [])
})

test("a follower gets what comes after it came, and the past it asks for", async () => {
  debug.manager.addFaults(10)
  const plain = await debug.open("/v1/faults?follow=1")
  const withPast = await debug.open("/v1/faults?follow=1&limit=2")
  const fromFive = await debug.open("/v1/faults?follow=1&after=5")

  debug.manager.addFaults(2)

  assert.is(plain.headers["content-type"], "application/x-ndjson")
  assert.equal(sequences(await streamLines(plain).take(2)), [11, 12])
  assert.equal(sequences(await streamLines(withPast).take(4)), [9, 10, 11, 12])
  assert.equal(sequences(await streamLines(fromFive).take(7)), [6, 7, 8, 9, 10, 11, 12])
})

test("a follower of one session sees no other's faults", async () => {
  const lines = streamLines(await debug.open("/v1/faults?follow=1&session=s2"))

  debug.manager.addFaults(1, { session: "s1" })
  debug.manager.addFaults(1, { session: "s2" })
  debug.manager.addFaults(1, { session: "s1" })
  debug.manager.addFaults(1, { session: "s2" })

  assert.equal(sequences(await lines.take(2)), [2, 4])
})

test("one follower too many is refused, and a place is free again when one goes", async () => {
  const followers = await Promise.all(
    Array.from({ length: 16 }, () => debug.open("/v1/faults?follow=1")),
  )
  const refused = await debug.ask("GET", "/v1/faults?follow=1")
  const leaver = followers[0]
  leaver?.destroy()
  if (leaver !== undefined) await once(leaver, "close")

  assert.is(refused.status, 503)
  assert.match(refused.text, /too_many_followers/)
  let status = 503
  while (status === 503) {
    const response = await debug.open("/v1/faults?follow=1")
    status = response.statusCode ?? 0
    response.destroy()
  }
  assert.is(status, 200)
})

test.run()
