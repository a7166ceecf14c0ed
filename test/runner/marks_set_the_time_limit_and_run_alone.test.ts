import { test } from "uvu"
import * as assert from "uvu/assert"
import { readMarks, type TestFile } from "./discover.js"
import { schedule } from "./schedule.js"

test("marks are comments on lines of their own", () => {
  assert.equal(readMarks("// time limit: 180 s\n// runs alone\nimport x"), {
    timeLimitMs: 180_000,
    runsAlone: true,
  })
  assert.equal(readMarks('const text = "// runs alone" // time limit: 9 s'), {
    timeLimitMs: 60_000,
    runsAlone: false,
  })
})

test("files that run alone have nothing beside them, others share the jobs", async () => {
  const files = ["a", "b!", "c", "d", "e!"].map(
    (name): TestFile => ({ path: name, name, timeLimitMs: 1, runsAlone: name.endsWith("!") }),
  )
  const running = new Set<string>()
  const seen: string[] = []

  await schedule(files, 2, async ({ name }) => {
    running.add(name)
    await new Promise(setImmediate)
    seen.push([...running].sort().join("+"))
    running.delete(name)
  })

  assert.is(seen.length, 5)
  assert.ok(
    seen.some((names) => names.includes("+")),
    seen.join(" "),
  )
  assert.ok(seen.every((names) => names.split("+").length <= 2))
  assert.ok(seen.every((names) => !names.includes("!") || !names.includes("+")))
})

test.run()
