import { test } from "uvu"
import * as assert from "uvu/assert"
import { BrokenWork, checkWork, Figures } from "./figures.js"

const figures = (values: Record<string, number>): Figures =>
  new Figures("program", JSON.stringify(values))

const isBroken = (text: string) => (error: Error) =>
  error instanceof BrokenWork && error.message.includes(text)

test("wrong bytes are no measurement", () => {
  const right = figures({ pages: 8, faults: 8, wrong_pages: 0 })
  const wrong = figures({ pages: 8, faults: 8, wrong_pages: 1 })

  checkWork(right, "touch")
  assert.throws(() => checkWork(wrong, "touch"), isBroken("1 pages hold wrong bytes: touch"))
})

test("pages that came without a fault of their own are no measurement of faults", () => {
  const sevenFaults = figures({ pages: 8, faults: 7 })

  assert.throws(() => checkWork(sevenFaults, "touch"), isBroken("7 faults where there must be 8"))
  checkWork(sevenFaults, "touch", 8192)
  checkWork(figures({ pages: 8, faults: 9 }), "touch")
})

test("pages that fault after they were prefaulted were not prefaulted", () => {
  const few = figures({ pages: 512, faults_after: 2 })
  const many = figures({ pages: 512, faults_after: 100 })

  checkWork(few, "prefault")
  assert.throws(() => checkWork(many, "prefault"), isBroken("100 pages faulted"))
})

test("a program that prints no such figure is told of", () => {
  assert.throws(() => figures({ pages: 8 }).get("p50_us"), /program printed no "p50_us"/)
})

test.run()
