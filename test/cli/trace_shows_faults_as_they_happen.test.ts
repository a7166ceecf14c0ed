import { test } from "uvu"
import * as assert from "uvu/assert"
import { type FakeDebugSocket, startFakeDebugSocket } from "../debug/fake_debug_socket.js"
import { runPagerd } from "./run_pagerd.js"

let debug: FakeDebugSocket
test.before.each(async () => {
  debug = await startFakeDebugSocket()
})
test.after.each(() => debug.close())

/** Resolves once a follower polls the ring: the first look only says where its stream starts. */
function followed(): Promise<void> {
  const { manager } = debug
  const { faults } = manager
  let looks = 0
  return new Promise((resolve) => {
    manager.faults = (after, max) => {
      looks += 1
      if (looks > 1) resolve()
      return faults.call(manager, after, max)
    }
  })
}

const failed = { outcome: "failed", has_waited_for_fill: true } as const

test("a line for each fault, until the limit", async () => {
  const isFollowed = followed()
  const running = runPagerd(["trace", "--limit", "2", "--debug-socket", debug.path])
  await isFollowed
  debug.manager.addFaults(1)
  debug.manager.addFaults(2, { ...failed, is_write: true, pages: 1 })
  const { code, stdout } = await running

  const [first, second, end] = stdout.split("\n").map((line) => line.split(/ {2,}/).join(" "))
  assert.is(first, "03:04:05.678 s1 4242 model+0x1000 missing read installed 16 pages 9.3 µs")
  assert.is(second, "03:04:05.678 s1 4242 model+0x1000 missing write failed 1 page 9.3 µs filled")
  assert.is(end, "")
  assert.is(code, 0)
})

test("the past first, of one session, as JSON lines", async () => {
  debug.manager.addFaults(5, { session: "s1" })
  debug.manager.addFaults(5, { session: "s2" })
  const args = ["trace", "s1", "--past", "3", "--limit", "3", "--json"]

  const { code, stdout } = await runPagerd([...args, "--debug-socket", debug.path])

  const faults = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as unknown)
  assert.equal(faults, debug.manager.faultRing.slice(2, 5))
  assert.is(code, 0)
})

test("what was lost is told and does not count as shown", async () => {
  debug.manager.faultsKeptMax = 3
  const isFollowed = followed()
  const running = runPagerd(["trace", "--limit", "3", "--debug-socket", debug.path])
  await isFollowed
  debug.manager.addFaults(10)
  const { stdout } = await running

  assert.match(stdout, /^\.\.\. 7 faults not shown\n/)
  assert.is(stdout.trimEnd().split("\n").length, 4)
})

test("a session that is not there is refused at once", async () => {
  const { code, stderr } = await runPagerd(["trace", "s9", "--debug-socket", debug.path])

  assert.is(code, 1)
  assert.is(stderr, "pagerd: There is no session s9\n")
})

test("Ctrl-C ends it with 0, and so does a manager that drains", async () => {
  const isFollowed = followed()
  const interrupted = runPagerd(["trace", "--past", "1", "--debug-socket", debug.path], {
    during: (child) => child.stdout?.once("data", () => child.kill("SIGINT")),
  })
  await isFollowed
  debug.manager.addFaults(1)
  const afterSignal = await interrupted
  const isFollowedAgain = followed()
  const drained = runPagerd(["trace", "--debug-socket", debug.path])
  await isFollowedAgain
  await debug.close()
  const afterDrain = await drained
  debug = await startFakeDebugSocket()

  assert.is(afterSignal.code, 0)
  assert.is(afterDrain.code, 0)
  assert.match(afterDrain.stderr, /the manager at .* ended the trace/)
})

test("a reader that has seen enough ends it quietly", async () => {
  const isFollowed = followed()
  const running = runPagerd(["trace", "--debug-socket", debug.path], {
    during: (child) => child.stdout?.once("data", () => child.stdout?.destroy()),
  })
  await isFollowed
  const ended = running.then((run) => ({ run }))
  for (;;) {
    debug.manager.addFaults(1)
    const turn = new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), 20))
    const outcome = await Promise.race([ended, turn])
    if (outcome === undefined) continue
    assert.is(outcome.run.stderr, "")
    assert.is(outcome.run.code, 0)
    return
  }
})

test.run()
