import { test } from "uvu"
import * as assert from "uvu/assert"
import { ClientError } from "../../manager/errors.js"
import type { SessionView } from "../../manager/view.js"
import { protocolVersion } from "../../protocol/limits.js"
import { type FakeDebugSocket, startFakeDebugSocket } from "../debug/fake_debug_socket.js"
import * as made from "../debug/made_views.js"
import { startManager } from "../harness/manager.js"
import { retryUntil } from "../harness/retry.js"
import { RawClient } from "../manager/raw_client.js"
import { runPagerd } from "./run_pagerd.js"

/** The last character is one of two units. */
const hostile = "worker\x1b]0;owned\x07 \x9b31m \u202eslaf \r\nfake line\u{e0061}"
const steering = /[^\P{Cc}\n]|\p{Cf}/u

let debug: FakeDebugSocket
test.before(async () => {
  debug = await startFakeDebugSocket()
  const error = { code: "image_failed", message: hostile, at: "2026-01-02T03:04:05Z" }
  debug.manager.sessionList[0] = { ...made.session("s1"), command: hostile, last_error: error }
  debug.manager.imageList[0] = { ...made.image("model"), source: hostile, last_error: hostile }
  debug.manager.addFaults(1, { image: hostile })
  debug.manager.loadImage = () => Promise.reject(new ClientError("image_failed", hostile))
})
test.after(() => debug.close())

const lists = ["ps", "ps --regions", "image ls", "top --once --interval 0.1"]
for (const command of [...lists, "trace --past 1 --limit 1"]) {
  test(`${command} prints no control characters of others`, async () => {
    const run = await runPagerd([...command.split(" "), "--debug-socket", debug.path])

    assert.is(run.code, 0)
    assert.match(run.stdout, /worker\?\]0;owned\? /)
    assert.not.match(run.stdout, steering)
    assert.not.match(run.stdout, /^fake line/m)
  })
}

for (const [command, field] of [
  ["ps", "command"],
  ["trace --past 1 --limit 1", "image"],
] as const) {
  test(`JSON of ${command} keeps the text and escapes what would steer`, async () => {
    const words = [...command.split(" "), "--json", "--debug-socket", debug.path]
    const run = await runPagerd(words)
    const [first] = [run.json()].flat() as Record<string, string>[]

    assert.is(first?.[field], hostile)
    assert.not.match(run.stdout, steering)
  })
}

for (const [option, told] of [
  ["", /worker\?\]0;owned\? /],
  ["--json", /worker\\u001b/],
] as const) {
  test(`nor does a refusal that repeats their words ${option}`, async () => {
    const words = `image load model ${option}`.trimEnd().split(" ")
    const run = await runPagerd([...words, "--debug-socket", debug.path])

    assert.is(run.code, 1)
    assert.match(run.stderr, told)
    assert.not.match(run.stderr, steering)
    assert.not.match(run.stderr, /^fake line/m)
  })
}

test("what it calls itself, and was called before, is plain text everywhere", async () => {
  const manager = await startManager()
  const client = new RawClient(manager.socket)
  const name = "\x1b]0;owned\x07\x9b31m\u202e"
  const hello = { type: "hello", version: protocolVersion, want_device: false }
  client.send({ ...hello, client: name, resumed_session: name })
  await client.next("welcome")

  const sessions = await manager.debug.get<SessionView[]>("/v1/sessions")

  for (const called of [sessions[0]?.client, sessions[0]?.resumed_from]) {
    assert.match(called ?? "", /owned/)
    assert.not.match(called ?? "", steering)
  }
  client.close()
  await manager.stop()
})

test("a line of the log keeps a process's name and escapes what would steer", async () => {
  const name = "\x9b31m\u202eslaf"
  process.title = name
  const manager = await startManager()
  const client = new RawClient(manager.socket)
  await client.greet()

  const line = await retryUntil("its line", 5_000, () => {
    return manager.stderr.split("\n").find((written) => written.includes('"session begins"}'))
  })

  assert.not.match(line, steering)
  assert.is(JSON.parse(line).command, name)
  client.close()
  await manager.stop()
})

test.run()
