import { test } from "uvu"
import * as assert from "uvu/assert"
import { brokenOf, type RestoreFigures } from "./restores.js"

const scene = { imageBytes: 2 ** 20, pageBytes: 4096, vms: 2, leftOut: undefined, hasFailed: false }
const figures = (wrong: number) => ({ wrong }) as RestoreFigures

test("the backend is named with what its guests have read, or why it failed", () => {
  const lines = [
    { ...scene, backend: "right", figures: figures(0) },
    { ...scene, backend: "left out", figures: undefined, leftOut: "no room" },
    { ...scene, backend: "wrong", figures: figures(3) },
    { ...scene, backend: "dead", figures: undefined, leftOut: "failed: it died", hasFailed: true },
  ]

  assert.equal(brokenOf(lines), [
    { name: "vms", reason: "wrong: guests read 3 wrong words" },
    { name: "vms", reason: "dead: failed: it died" },
  ])
})

test.run()
