import { test } from "uvu"
import * as assert from "uvu/assert"
import { choose, isWorthIt, newExperience } from "../../manager/working_sets/choice.js"
import { isRecorded, type WorkingSetSettings } from "../../manager/working_sets/settings.js"

const rules = { sampleEvery: 16, hitRatioMin: 0.5 }
const good = { hitRatio: 0.9 }
const poor = { hitRatio: 0.4 }

const choices = (set: { hitRatio: number | null } | undefined, count: number) =>
  Array.from({ length: count }, (_, index) =>
    choose(set, { ...newExperience(), attaches: index + 1 }, rules),
  )

test("without a set every run is recorded, with one the second run is replayed", () => {
  assert.equal(choices(undefined, 2), ["record", "record"])
  assert.is(choices({ hitRatio: null }, 1)[0], "replay")
})

test("one run of sixteen is recorded without a replay", () => {
  const chosen = choices(good, 32)

  assert.is(chosen.filter((choice) => choice === "record").length, 2)
  assert.is(chosen.filter((choice) => choice === "replay").length, 30)
})

test("a set that helps little is not replayed, and looked at more often", () => {
  const chosen = choices(poor, 16)

  assert.is(chosen.filter((choice) => choice === "record").length, 4)
  assert.is(chosen.filter((choice) => choice === "nothing").length, 12)
})

test("after a replay that left much out the next run is recorded", () => {
  assert.is(choose(good, { ...newExperience(), attaches: 1, isDoubtful: true }, rules), "record")
})

test("bytes that are there are left to demand, unless it comes page by page", () => {
  const pages = 1600
  assert.ok(isWorthIt({ pages, absent: 100, windowBytes: 65_536 }))
  assert.not(isWorthIt({ pages, absent: 99, windowBytes: 65_536 }))
  assert.ok(isWorthIt({ pages, absent: 0, windowBytes: 4_096 }))
})

test("images are recorded that are named, and none that a client published", () => {
  const settings = (images: WorkingSetSettings["images"]) => ({ images }) as WorkingSetSettings
  const vm = { name: "vm", key: "0123456789abcdef0123456789abcdef", owner: undefined }

  assert.ok(isRecorded(vm, settings("all")))
  assert.ok(isRecorded(vm, settings(["vm"])))
  assert.not(isRecorded(vm, settings("none")))
  assert.not(isRecorded(vm, settings(["other"])))
  assert.not(isRecorded({ ...vm, name: "u7/vm", owner: 7 }, settings("all")))
  assert.not(isRecorded({ ...vm, key: "lost-3" }, settings("all")))
})

test.run()
