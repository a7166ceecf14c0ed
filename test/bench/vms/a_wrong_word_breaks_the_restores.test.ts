import { test } from "uvu"
import * as assert from "uvu/assert"
import { type RestoreFigures, wrongOf } from "./restores.js"

const scene = { imageBytes: 2 ** 20, pageBytes: 4096, vms: 2, leftOut: undefined }
const figures = (wrong: number) => ({ wrong }) as RestoreFigures

test("the backend is named with what its guests have read", () => {
  const lines = [
    { ...scene, backend: "right", figures: figures(0) },
    { ...scene, backend: "left out", figures: undefined, leftOut: "no room" },
    { ...scene, backend: "wrong", figures: figures(3) },
  ]

  assert.equal(wrongOf(lines), [{ name: "vms", reason: "wrong: guests read 3 wrong words" }])
})

test.run()
