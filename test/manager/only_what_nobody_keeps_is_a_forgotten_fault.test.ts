import { test } from "uvu"
import * as assert from "uvu/assert"
import { withClock } from "../harness/clock.js"
import { WatchedSpaces } from "./watched_spaces.js"

test("one that is kept, or was read between two looks, is none", () => {
  const spaces = new WatchedSpaces({})
  spaces.noteQueue(1, { read: 1, isKnown: true })
  for (let faults = 1; faults < 5; faults += 1) {
    spaces.noteQueue(2, { read: 1, faults })
    spaces.rounds(1)
  }
  assert.equal(spaces.woken, [])

  spaces.rounds(1)

  assert.equal(spaces.woken, [2])
  assert.is(spaces.watchdog.counts.forgotten, 1)
})

test("what a client does to its own faults is called no bug, and is woken later", () => {
  const spaces = new WatchedSpaces({ faultAgeMs: 1_000 })
  withClock((pass) => {
    spaces.noteQueue(1, { read: 1, hasStrays: true })
    spaces.rounds(2)
    assert.equal(spaces.woken, [])
    pass(1_000)
    spaces.rounds(1)
  })

  assert.equal(spaces.woken, [1])
  assert.is(spaces.watchdog.counts.forgotten, 0)
})

test.run()
