import { test } from "uvu"
import * as assert from "uvu/assert"
import { followBufferBytesMax } from "../../manager/debug/limits.js"
import { within } from "../harness/retry.js"
import { type FakeDebugSocket, startFakeDebugSocket } from "./fake_debug_socket.js"
import { type StreamLine, streamLines } from "./fault_lines.js"

let debug: FakeDebugSocket
test.before.each(async () => {
  debug = await startFakeDebugSocket()
})
test.after.each(() => debug.close())

/** Every sequence after the first ones must be either shown or counted as dropped, in order. */
function assertAccounted(lines: readonly StreamLine[], after: number): void {
  let sequence = after
  for (const line of lines) {
    if ("dropped" in line) sequence += line.dropped
    else assert.is(line.sequence, ++sequence)
  }
}

/** Resolves once the follower has gone past this fault. */
function lookedAt(sequence: number): Promise<void> {
  const { manager } = debug
  const { faults } = manager
  return new Promise((resolve) => {
    manager.faults = (after, max) => {
      if (after >= sequence) resolve()
      return faults.call(manager, after, max)
    }
  })
}

test("faults the ring overwrote between two looks are counted", async () => {
  debug.manager.faultsKeptMax = 10
  const lines = streamLines(await debug.open("/v1/faults?follow=1"))

  debug.manager.addFaults(100)
  const taken = await lines.take(11)

  assert.equal(taken[0], { dropped: 90 })
  assertAccounted(taken, 0)
})

test("a reader that stops costs a bounded buffer and then learns how many it missed", async () => {
  // The stream begins behind a fault: one that begins at 0 would take the newest first.
  debug.manager.addFaults(1)
  const response = await debug.open("/v1/faults?follow=1")
  response.pause()
  // Well over the buffer and what the kernel holds for the socket: about 300 bytes a line.
  const faults = 20 * Math.ceil(followBufferBytesMax / 300)
  const allLookedAt = lookedAt(faults + 1)
  debug.manager.addFaults(faults)
  await allLookedAt

  const lines = streamLines(response)
  const taken: StreamLine[] = []
  let dropped = 0
  while (dropped === 0) {
    const [line] = await lines.take(1)
    if (line === undefined) break
    taken.push(line)
    if ("dropped" in line) dropped = line.dropped
  }

  assert.ok(dropped > faults / 4, `${dropped} of ${faults} dropped`)
  assertAccounted(taken, 1)
})

test("a reader that stops does not hold the end of the server up", async () => {
  debug.manager.addFaults(1)
  const response = await debug.open("/v1/faults?follow=1")
  response.pause()
  const allLookedAt = lookedAt(10_001)
  debug.manager.addFaults(10_000)
  await allLookedAt

  await within("the server's end", 10_000, debug.close())

  response.destroy()
  debug = await startFakeDebugSocket()
})

test.run()
