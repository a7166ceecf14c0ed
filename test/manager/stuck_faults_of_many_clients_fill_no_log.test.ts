import { test } from "uvu"
import * as assert from "uvu/assert"
import { withClock } from "../harness/clock.js"
import { WatchedSpaces } from "./watched_spaces.js"

const spacesCount = 1_000
const all = Array.from({ length: spacesCount }, (_, index) => index + 1)
const stuckPerRoundMax = 64

test("a line for a few of them, and a count of all", () => {
  const spaces = new WatchedSpaces({})
  for (const space of all) spaces.note(space, "source", 2_000)

  withClock((pass) => {
    spaces.rounds(Math.ceil(spacesCount / stuckPerRoundMax))
    assert.is(spaces.collected.lines.length, 10)
    assert.is(spaces.watchdog.counts.stuck.source, spacesCount)
    pass(10_000)
    for (const space of all) spaces.note(space, "source", 12_000)
    spaces.rounds(1)
  })

  const withheld = spaces.collected.lines[10]?.lines_withheld
  assert.is(withheld, spacesCount - 10)
})

test("a fault is told of again when its age has doubled", () => {
  const spaces = new WatchedSpaces({})
  for (let ageMs = 1_000; ageMs <= 16_000; ageMs += 1_000) {
    spaces.note(1, "source", ageMs)
    spaces.rounds(1)
  }

  const ages = spaces.collected.lines.map(({ age_ms }) => age_ms)
  assert.equal(ages, [1_000, 2_000, 4_000, 8_000, 16_000])
  assert.is(spaces.watchdog.counts.stuck.source, 1)
})

test.run()
