import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { scratchDirectory } from "../harness/scratch.js"
import { type FileResult, runFile } from "./run_file.js"

const uvu = import.meta.resolve("uvu")
const scratch = scratchDirectory()

/** Runs the text of a test file the way the runner does. */
function runText(text: string, timeLimitMs = 20_000): Promise<FileResult> {
  const path = join(scratch, "sample.test.mjs")
  writeFileSync(path, `import { test } from ${JSON.stringify(uvu)}\n${text}`)
  return runFile({ path, name: "sample", timeLimitMs, runsAlone: false }, process.execPath)
}

const samples: readonly { claim: string; text: string; problem: RegExp; timeLimitMs?: number }[] = [
  {
    claim: "a hang is ended at its time limit, and where its processes sleep is told",
    text: "test('hangs', () => new Promise(() => setInterval(() => {}, 1000))); test.run()",
    problem: /timed out after 0.5 s\n {2}pid \d+ . in \w+: .*sample/,
    timeLimitMs: 500,
  },
  {
    claim: "a crash",
    text: "test('dies', () => process.kill(process.pid, 'SIGSEGV')); test.run()",
    problem: /ended by SIGSEGV/,
  },
  {
    claim: "a process that ends early and happily",
    text: "test('leaves', () => process.exit(0)); test.run()",
    problem: /printed no totals/,
  },
  {
    claim: "a promise that nothing settles",
    text: "test('waits', () => new Promise(() => {})); test.run()",
    problem: /printed no totals/,
  },
  {
    claim: "a forgotten run()",
    text: "test('never', () => {})",
    problem: /printed no totals \(exit code 0\)/,
  },
  { claim: "no tests at all", text: "test.run()", problem: /ran no test/ },
  {
    claim: "an error after the last test",
    text: `test('good', () => {})
      test.after(() => setImmediate(() => { throw Error() })); test.run()`,
    problem: /exited with code 1 although every test passed/,
  },
  {
    claim: "a process left running",
    text: `import { spawn } from "node:child_process"
      test('forgets', () => spawn("sleep", ["60"], { stdio: "ignore" }).unref()); test.run()`,
    problem: /left behind:\n {2}pid \d+ .*sleep 60/,
  },
  {
    claim: "something left open",
    text: "test('forgets', () => { setInterval(() => {}, 1000) }); test.run()",
    problem: /something is left open/,
  },
]

const test = suite()

for (const { claim, text, problem, timeLimitMs } of samples) {
  test(`${claim} is a failure`, async () => {
    const result = await runText(text, timeLimitMs)

    assert.match(result.problem ?? "no problem", problem)
    assert.ok(result.totals.failed > 0)
  })
}

test("a before hook that throws is a failure, which uvu hides", async () => {
  const result = await runText(
    `test.before(() => { throw Error() })
     test('one', () => {}); test('two', () => {}); test.run()`,
  )

  assert.equal(result.totals, { passed: 0, failed: 2, skipped: 0 })
  assert.match(result.problem ?? "no problem", /hook threw/)
})

test("a failed assertion is counted beside what passed", async () => {
  const result = await runText(
    "test('good', () => {}); test('bad', () => { throw Error('so') }); test.run()",
  )

  assert.equal(result.totals, { passed: 1, failed: 1, skipped: 0 })
  assert.match(result.output, /so/)
})

test("a good file passes", async () => {
  const result = await runText("test('good', () => {}); test.run()")

  assert.is(result.problem, undefined)
  assert.equal(result.totals, { passed: 1, failed: 0, skipped: 0 })
})

test.run()
