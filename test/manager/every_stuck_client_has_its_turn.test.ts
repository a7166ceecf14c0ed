import { test } from "uvu"
import * as assert from "uvu/assert"
import { WatchedSpaces } from "./watched_spaces.js"

const spacesCount = 1_000
const all = Array.from({ length: spacesCount }, (_, index) => index + 1)
/** Faults that are seen to in one round, and queues that are looked at. */
const stuckPerRoundMax = 64
const queuesPerRoundMax = 256

test("so many in a round, and each of very many before any has its second", () => {
  const spaces = new WatchedSpaces({})
  for (const space of all) spaces.note(space, "source", 2_000)

  spaces.rounds(1)
  assert.equal(spaces.woken, all.slice(0, stuckPerRoundMax))
  const rounds = Math.floor(spacesCount / stuckPerRoundMax)
  spaces.rounds(rounds)

  assert.equal(spaces.woken.slice(0, spacesCount), all)
  assert.is(spaces.woken.length, (rounds + 1) * stuckPerRoundMax)
  assert.equal(new Set(spaces.woken.slice(spacesCount)).size, spaces.woken.length - spacesCount)
})

test("a forgotten fault of any of very many clients is found in some rounds", () => {
  const spaces = new WatchedSpaces({})
  for (const space of all) spaces.noteQueue(space, { isKnown: true })
  spaces.noteQueue(spacesCount, { read: 1 })

  spaces.rounds(Math.ceil(spacesCount / queuesPerRoundMax))
  assert.equal(spaces.woken, [], "one look proves nothing")
  spaces.rounds(1)

  assert.equal(spaces.woken, [spacesCount])
  assert.is(spaces.watchdog.counts.forgotten, 1)
  assert.is(spaces.collected.about("a bug of pagerd").length, 1)
})

test("one that a fault thread could not watch is woken until that can", () => {
  const spaces = new WatchedSpaces({})
  spaces.unwatched = [7]
  spaces.rounds(2)
  spaces.unwatched = []
  spaces.rounds(1)

  assert.equal(spaces.woken, [7, 7])
  assert.is(spaces.watchdog.counts.watchRetries, 2)
})

test.run()
