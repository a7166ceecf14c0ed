import { test } from "uvu"
import * as assert from "uvu/assert"
import { measureRow, median, type Round, type Row } from "./row.js"
import { smokeSizes, TestBed } from "./test_bed.js"

function rowOf(rounds: readonly Round[], changes: Partial<Row>): Row {
  const left = [...rounds]
  return {
    name: "made_up",
    metric: "made up",
    placement: "none",
    unit: "us",
    judged: "ours / reference",
    target: { atMost: 1.1 },
    measure: async () => left.shift() ?? { ours: Number.NaN, reference: Number.NaN },
    ...changes,
  }
}

const rounds: readonly Round[] = [
  { ours: 10, reference: 10 },
  { ours: 40, reference: 20 }, // The machine was slow here, for both sides.
  { ours: 11, reference: 10 },
]
const bed = new TestBed({ ...smokeSizes, rounds: rounds.length })

test("each round is a ratio, and the middle one counts", async () => {
  const result = await measureRow(rowOf(rounds, {}), bed)

  assert.is(result.value, 1.1)
  assert.equal([result.valueMin, result.valueMax], [1, 2])
  assert.equal([result.ours, result.reference], [11, 10])
  assert.is(result.isHit, true)
})

test("a row says which way its ratio goes and whether more is better", async () => {
  const inverse = rowOf(rounds, { judged: "reference / ours", target: { atLeast: 1 } })
  const absolute = rowOf(rounds, { judged: "ours", target: { atLeast: 12 } })
  const shown = rowOf(rounds, { target: undefined })

  assert.is((await measureRow(inverse, bed)).isHit, false)
  assert.is((await measureRow(absolute, bed)).value, 11)
  assert.is((await measureRow(shown, bed)).isHit, undefined)
})

test("the median of an even number lies between the two in the middle", () => {
  assert.is(median([4, 1, 3, 2]), 2.5)
  assert.is(median([3, 1, 2]), 2)
})

test.run()
