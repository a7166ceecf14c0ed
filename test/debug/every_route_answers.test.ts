import { connect } from "node:net"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { type FakeDebugSocket, startFakeDebugSocket } from "./fake_debug_socket.js"

let debug: FakeDebugSocket
test.before(async () => {
  debug = await startFakeDebugSocket()
})
test.after(() => debug.close())

test("the views are what the manager shows", async () => {
  const { manager } = debug
  manager.addFaults(3)
  const expected: [target: string, view: unknown][] = [
    ["/v1/info", manager.info()],
    ["/v1/sessions", manager.sessions()],
    ["/v1/sessions/s1", manager.session("s1")],
    ["/v1/regions", manager.regions()],
    ["/v1/images", manager.images()],
    ["/v1/stats", manager.stats()],
    ["/v1/working_sets", manager.workingSets.list()],
    ["/v1/working_sets/vm/base", manager.workingSets.find("vm/base")],
    ["/v1/working_sets/vm%2Fbase?export=1", manager.workingSets.file("vm/base")],
    ["/v1/faults", manager.faultRing],
  ]

  for (const [target, view] of expected) {
    const reply = await debug.ask("GET", target)

    assert.is(reply.status, 200, target)
    assert.is(reply.headers["content-type"], "application/json", target)
    assert.equal(reply.json(), view, target)
  }
})

test("the list at / names every route", async () => {
  const { routes } = (await debug.ask("GET", "/")).json() as { routes: { path: string }[] }

  const paths = routes.map(({ path }) => path)
  for (const path of ["/healthz", "/metrics", "/v1/info", "/v1/sessions", "/v1/sessions/:id"]) {
    assert.ok(paths.includes(path), path)
  }
  for (const path of ["/v1/regions", "/v1/images", "/v1/stats", "/v1/faults"]) {
    assert.ok(paths.includes(path), path)
  }
})

test("health follows the manager's state", async () => {
  const serving = await debug.ask("GET", "/healthz")
  debug.manager.state = "draining"
  const draining = await debug.ask("GET", "/healthz")
  debug.manager.state = "serving"

  assert.is(serving.status, 200)
  assert.is(draining.status, 503)
  assert.equal(draining.json(), { status: "draining" })
})

test("HEAD gives the head of what GET gives", async () => {
  const get = await debug.ask("GET", "/v1/stats")
  const head = await debug.ask("HEAD", "/v1/stats")

  assert.is(head.status, 200)
  assert.is(head.text, "")
  assert.is(head.headers["content-length"], get.headers["content-length"])
})

test("HEAD of a stream ends with its head, and the connection goes on", async () => {
  const socket = connect(debug.path)
  socket.write("HEAD /v1/faults?follow=1 HTTP/1.1\r\nhost: pagerd\r\n\r\n")
  socket.write("GET /healthz HTTP/1.1\r\nhost: pagerd\r\nconnection: close\r\n\r\n")
  const chunks: Buffer[] = []
  for await (const chunk of socket as AsyncIterable<Buffer>) chunks.push(chunk)

  const text = Buffer.concat(chunks).toString()
  assert.match(text, /^HTTP\/1\.1 200 OK\r\ncontent-type: application\/x-ndjson/)
  assert.match(text, /\{"status":"serving"\}\n$/)
})

test.run()
