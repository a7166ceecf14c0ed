import { connect } from "node:net"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { ManagerError } from "../../manager/errors.js"
import { type FakeDebugSocket, type Reply, startFakeDebugSocket } from "./fake_debug_socket.js"

let debug: FakeDebugSocket
test.before(async () => {
  debug = await startFakeDebugSocket()
})
test.after(() => debug.close())

function assertRefused(reply: Reply, status: number, code: string, words: RegExp): void {
  const { error } = reply.json() as { error: { code: string; message: string } }
  assert.is(reply.status, status)
  assert.is(error.code, code)
  assert.match(error.message, words)
  assert.is(reply.headers["content-type"], "application/json")
}

/** Sends bytes as they are; gives what comes back until the server closes. */
async function exchange(bytes: string): Promise<string> {
  const socket = connect(debug.path)
  socket.write(bytes, "latin1")
  const chunks: Buffer[] = []
  for await (const chunk of socket as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks).toString("utf8")
}

test("an unknown path, session or image is a 404 that names it", async () => {
  assertRefused(await debug.ask("GET", "/v1/nothing"), 404, "unknown_route", /\/v1\/nothing/)
  assertRefused(await debug.ask("GET", "/v1/sessions/s9"), 404, "unknown_session", /s9/)
  assertRefused(await debug.ask("DELETE", "/v1/images/none"), 404, "unknown_image", /none/)
  assertRefused(await debug.ask("POST", "/v1/images/none/load"), 404, "unknown_image", /none/)
})

test("a method that a path does not take is a 405 with the ones it takes", async () => {
  const onImages = await debug.ask("DELETE", "/v1/images")
  const onImage = await debug.ask("POST", "/v1/images/model")
  const onStats = await debug.ask("POST", "/v1/stats", "{}")

  assertRefused(onImages, 405, "method_not_allowed", /GET and POST, not DELETE/)
  assertRefused(onImage, 405, "method_not_allowed", /takes DELETE, not POST/)
  assert.is(onImages.headers.allow, "HEAD, GET, POST")
  assert.is(onStats.headers.allow, "HEAD, GET")
})

test("a parameter that is unknown or no number is a 400", async () => {
  const misspelt = await debug.ask("GET", "/v1/faults?folow=1")
  const tooMany = await debug.ask("GET", "/v1/faults?limit=10001")
  const noNumber = await debug.ask("GET", "/v1/faults?after=-1")
  const broken = await debug.ask("GET", "/v1/sessions/%zz")

  assertRefused(misspelt, 400, "unknown_parameter", /folow.*\?limit, \?after/)
  assertRefused(tooMany, 400, "malformed_parameter", /from 0 to 10000/)
  assertRefused(noNumber, 400, "malformed_parameter", /\?after=-1/)
  assertRefused(broken, 400, "malformed_path", /%-escape/)
})

test("a body that is no {name, source} is a 400 that says why", async () => {
  const bodies: [body: string, words: RegExp][] = [
    ["", /not JSON/],
    ["{", /not JSON/],
    ["[]", /expected object/i],
    ['{"name":"a"}', /source:/],
    ['{"name":"../a","source":"/x"}', /name: an image name is/],
    ['{"name":"a","source":"x"}', /absolute path or a URL/],
    ['{"name":"a","source":"/x,y"}', /absolute path or a URL, or several such paths/],
    ['{"name":"a","source":["/x","y"]}', /absolute path or a URL, or several such paths/],
    ['{"name":"a","source":["/x",7]}', /source: a source is a string, or a list of paths/],
    ['{"name":"a","source":"/x","mode":"copy"}', /mode/],
    ['{"name":"a","source":"/x","writable":1}', /writable: .*expected boolean/],
    ['{"name":"a","source":"/x","allow_uids":[-1]}', /allow_uids.0: .*>=0/],
    ['{"name":"a","source":"/x","load":"all"}', /load: .*expected boolean/],
  ]
  for (const [body, words] of bodies) {
    assertRefused(await debug.ask("POST", "/v1/images", body), 400, "malformed_body", words)
  }
})

test("a body over the limit is a 413, whether it says its length or not", async () => {
  const reply = await debug.ask("POST", "/v1/images", "x".repeat(70_000))
  const chunk = `8000\r\n${"x".repeat(0x8000)}\r\n`
  const head = "POST /v1/images HTTP/1.1\r\nhost: pagerd\r\ntransfer-encoding: chunked\r\n\r\n"
  const chunked = await exchange(`${head}${chunk.repeat(3)}0\r\n\r\n`)

  assertRefused(reply, 413, "body_too_large", /65536/)
  assert.match(chunked, /^HTTP\/1\.1 413 .*"body_too_large"/s)
})

test("a body in an encoding is a 415", async () => {
  const head = "POST /v1/images HTTP/1.1\r\nhost: pagerd\r\nconnection: close\r\n"

  const text = await exchange(`${head}content-encoding: gzip\r\ncontent-length: 0\r\n\r\n`)

  assert.match(text, /^HTTP\/1\.1 415 .*"unsupported_encoding"/s)
})

test("a name that is taken is a 409", async () => {
  const body = JSON.stringify({ name: "model", source: "/srv/other" })

  assertRefused(await debug.ask("POST", "/v1/images", body), 409, "image_exists", /model/)
})

test("a failure of the manager is a 500 with its reason; a bug is one without", async () => {
  const { manager } = debug
  const { regions } = manager
  manager.regions = () => {
    throw new ManagerError("engine_failed", "the engine is gone")
  }
  assertRefused(await debug.ask("GET", "/v1/regions"), 500, "engine_failed", /engine is gone/)
  manager.regions = () => {
    throw new TypeError("secret of the source code")
  }
  const bug = await debug.ask("GET", "/v1/regions")
  manager.regions = regions

  assertRefused(bug, 500, "internal_error", /log/)
  assert.not.match(bug.text, /secret/)
})

test("what is not HTTP gets a 400 and the connection's end", async () => {
  const text = await exchange("\x93\xa7hello\r\n\r\n")

  assert.match(text, /^HTTP\/1\.1 400 /)
  assert.match(text, /"malformed_request"/)
  assert.is((await debug.ask("GET", "/healthz")).status, 200)
})

test.run()
