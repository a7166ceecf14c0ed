import { test } from "uvu"
import * as assert from "uvu/assert"
import { withClock } from "../harness/clock.js"
import { WatchedSpaces } from "./watched_spaces.js"

const limitMs = 5_000

/** A fault that nobody has read: seen, and seen again when it is beyond every limit. */
function watchUnread(policy: "kill" | "poison"): WatchedSpaces {
  const spaces = new WatchedSpaces({ policy, limitMs })
  withClock((pass) => {
    spaces.noteQueue(1, { unread: 1 })
    spaces.rounds(1)
    pass(2 * limitMs)
    spaces.rounds(2)
  })
  return spaces
}

for (const policy of ["kill", "poison"] as const) {
  test(`by policy ${policy} who has a fault that no thread has read is woken`, () => {
    const { killed, givenUp, woken, collected, watchdog } = watchUnread(policy)

    assert.equal([killed, givenUp], [[], []])
    assert.equal(woken, [1, 1])
    assert.is(collected.about("no fault thread has read it").length, 1)
    assert.is(watchdog.counts.stuck.queue, 1)
  })
}

test("an unread fault is no trouble before its time, nor while others are read", () => {
  const spaces = new WatchedSpaces({ faultAgeMs: 1_000 })
  withClock((pass) => {
    for (let faults = 1; faults < 10; faults += 1) {
      spaces.noteQueue(1, { unread: 1, faults })
      spaces.noteQueue(2, { unread: 1 })
      spaces.rounds(1)
      pass(100)
    }
    assert.equal(spaces.woken, [])
    pass(1_000)
    spaces.noteQueue(1, { unread: 1, faults: 10 })
    spaces.rounds(1)
  })

  assert.equal(spaces.woken, [2])
})

for (const [place, policy, ended] of [
  ["source", "kill", "killed"],
  ["deferred", "kill", "killed"],
  ["ioctl", "kill", "killed"],
  ["source", "poison", "givenUp"],
  ["deferred", "poison", "givenUp"],
  ["ioctl", "poison", "woken"],
  ["source", "log", "woken"],
] as const) {
  test(`one stuck in ${place} by policy ${policy}: ${ended}, and not a moment early`, () => {
    const spaces = new WatchedSpaces({ policy, limitMs })
    spaces.note(1, place, limitMs - 1)
    spaces.rounds(1)
    assert.equal([spaces.killed, spaces.givenUp, spaces.woken], [[], [], [1]])
    spaces.woken.length = 0

    spaces.note(1, place, limitMs)
    spaces.rounds(1)

    const { killed, givenUp, woken } = spaces
    const nothing = { killed: [], givenUp: [], woken: [] }
    assert.equal({ killed, givenUp, woken }, { ...nothing, [ended]: [1] })
  })
}

test("a client is killed once, however long it takes to die", () => {
  const spaces = new WatchedSpaces({ policy: "kill", limitMs })
  spaces.note(1, "source", limitMs)

  spaces.rounds(3)

  assert.equal(spaces.killed, [1])
  assert.is(spaces.watchdog.counts.kills, 1)
})

test.run()
