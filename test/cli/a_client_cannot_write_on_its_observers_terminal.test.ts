import { test } from "uvu"
import * as assert from "uvu/assert"
import { type FakeDebugSocket, startFakeDebugSocket } from "../debug/fake_debug_socket.js"
import * as made from "../debug/made_views.js"
import { runPagerd } from "./run_pagerd.js"

const hostile = "worker\x1b]0;owned\x07 \x9b31m \u202eslaf \r\nfake line"
const steering = /[^\P{Cc}\n]|\p{Cf}/u

let debug: FakeDebugSocket
test.before(async () => {
  debug = await startFakeDebugSocket()
  const error = { code: "image_failed", message: hostile, at: "2026-01-02T03:04:05Z" }
  debug.manager.sessionList[0] = { ...made.session("s1"), command: hostile, last_error: error }
  debug.manager.imageList[0] = { ...made.image("model"), source: hostile, last_error: hostile }
})
test.after(() => debug.close())

for (const command of ["ps", "ps --regions", "image ls", "top --once --interval 0.1"]) {
  test(`${command} prints no control characters of others`, async () => {
    const run = await runPagerd([...command.split(" "), "--debug-socket", debug.path])

    assert.is(run.code, 0)
    assert.match(run.stdout, /worker\?\]0;owned\? /)
    assert.not.match(run.stdout, steering)
    assert.not.match(run.stdout, /^fake line/m)
  })
}

test("JSON keeps the text and escapes what would steer", async () => {
  const run = await runPagerd(["ps", "--json", "--debug-socket", debug.path])
  const [session] = run.json() as { command: string }[]

  assert.is(session?.command, hostile)
  assert.not.match(run.stdout, steering)
})

test.run()
