import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { parseReport, startSmallDemo } from "./small_demo.js"

interface Manifest {
  facts: { questions: { kind: string; parameters: number[]; answer: string }[][] }
}

test("it exits with 1, names the worker and the question, and shows both answers", async () => {
  const first = startSmallDemo()
  await first.ended
  const path = join(first.cache, "pagerd-demo", "sqlite.json")
  const manifest = JSON.parse(readFileSync(path, "utf8")) as Manifest
  const question = manifest.facts.questions[1]?.at(-1)
  assert.ok(question !== undefined)
  const rightAnswer = question.answer
  question.answer = "a wrong one"
  writeFileSync(path, JSON.stringify(manifest))

  const demo = startSmallDemo({ cache: first.cache, args: ["--json"] })
  const { code, stdout, stderr } = await demo.ended

  assert.is(code, 1)
  const { ok, error = "" } = parseReport(stdout)
  assert.is(ok, false)
  assert.match(error, /worker 2 \(pid \d+\) on sqlite/)
  assert.match(error, `aggregate(${question.parameters.join(", ")}) answered "${rightAnswer}"`)
  assert.match(error, "a wrong one")
  assert.match(stderr, error)
  assert.equal(demo.leftovers(), [])
})

test.run()
