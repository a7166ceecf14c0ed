import { test } from "uvu"
import * as assert from "uvu/assert"
import { mergeRun } from "../../manager/working_sets/merge.js"
import {
  type PageSpan,
  replayOf,
  type TouchedRange,
  type WorkingSet,
} from "../../manager/working_sets/working_set.js"

const whole: PageSpan = { first: 0, end: 1_000_000 }
const none: Pick<WorkingSet, "runs" | "ranges"> = { runs: 0, ranges: [] }

function afterRuns(runs: readonly number[][], pagesMax = 1_000): TouchedRange[] {
  const { ranges } = runs.reduce(
    (set, touches) => ({
      runs: set.runs + 1,
      ranges: mergeRun(set, { touches: Uint32Array.from(touches), span: whole }, pagesMax),
    }),
    none,
  )
  return [...ranges]
}

const replay = (ranges: readonly TouchedRange[], span = whole, pagesMax = 1_000): number[] => {
  return [...replayOf({ ranges, pageBytes: 4096 } as WorkingSet, span, pagesMax)]
}

test("one run's pages are replayed in the order of their first touches", () => {
  const ranges = afterRuns([[640, 1, 32, 2, 320, 1, 640, 1]])

  assert.equal(replay(ranges), [640, 1, 32, 2, 320, 1])
})

test("pages that lie close are replayed together, when the first of them is due", () => {
  const ranges = afterRuns([[20, 1, 400, 1, 17, 1, 21, 1, 16, 1]])

  assert.equal(replay(ranges), [16, 2, 20, 2, 400, 1])
})

test("a page that few of the last runs needed is left out, and in the end forgotten", () => {
  const once = [100, 1, 300, 1]
  const ever = [100, 1]

  assert.equal(replay(afterRuns([once])), [100, 1, 300, 1])
  assert.equal(replay(afterRuns([once, ever, ever])), [100, 1])
  const end = afterRuns([once, ...Array.from({ length: 12 }, () => ever)])
  assert.equal(
    end.map(({ first }) => first),
    [100],
  )
})

test("a page that runs come to need is replayed soon", () => {
  const old = Array.from({ length: 20 }, () => [100, 1])
  const changed = [100, 1, 300, 1]

  assert.equal(replay(afterRuns([...old, changed])), [100, 1])
  assert.equal(replay(afterRuns([...old, changed, changed, changed])), [100, 1, 300, 1])
})

test("a run of one region says nothing of what another region shows", () => {
  const low = { first: 0, end: 100 }
  const high = { first: 100, end: 200 }
  const one = mergeRun(none, { touches: Uint32Array.of(5, 1), span: low }, 1_000)
  const set = { runs: 1, ranges: one }
  const both = mergeRun(set, { touches: Uint32Array.of(150, 2), span: high }, 1_000)

  assert.equal(replay(both), [5, 1, 150, 2])
  assert.equal(replay(both, high), [150, 2])
})

test("what is kept and what is replayed is bounded", () => {
  const ranges = afterRuns([[0, 100, 1_000, 100]], 50)

  assert.equal(replay(ranges), [0, 50])
  const many = afterRuns(
    [
      [0, 50],
      [1_000, 50],
      [2_000, 50],
      [3_000, 50],
    ],
    50,
  )
  const kept = many.reduce((sum, { pages }) => sum + pages, 0)
  assert.ok(kept <= 100, `${kept} pages`)
  assert.equal(replay(afterRuns([[0, 100]], 100), whole, 30), [0, 30])
})

test.run()
