import { test } from "uvu"
import * as assert from "uvu/assert"
import { skipLoudly, skipMark } from "../harness/skip.js"
import { closingReport } from "./report.js"
import { readTotals } from "./totals.js"

const closing = "\n  Total:     3\n  Passed:    3\n  Skipped:   0\n  Duration:  1.00ms\n\n"

/** Runs `skip` with CI set and gives what it wrote. */
function captureSkip(ci: string | undefined, skip: () => void): string {
  const { write } = process.stdout
  const before = process.env.CI
  let written = ""
  process.stdout.write = (text: string | Uint8Array) => {
    written += text
    return true
  }
  if (ci === undefined) delete process.env.CI
  else process.env.CI = ci
  try {
    skip()
  } finally {
    process.stdout.write = write
    if (before === undefined) delete process.env.CI
    else process.env.CI = before
  }
  return written
}

test("a skipped test counts as skipped and not as passed", () => {
  const written = captureSkip(undefined, () => skipLoudly("root", "needs another user"))

  const reading = readTotals(`• ${written}• •   (3 / 3)\n${closing}`)

  assert.equal(reading?.totals, { passed: 2, failed: 0, skipped: 1 })
  assert.equal(reading?.skips, ["needs another user"])
})

test("the summary names the file, and the last line counts", () => {
  const file = { path: "", name: "e2e/some_claim", timeLimitMs: 1, runsAlone: false }
  const totals = { passed: 2, failed: 0, skipped: 1 }
  const ending = { file, totals, skips: ["why"], problem: undefined, durationMs: 1, output: "" }

  const lines = closingReport([ending, ending]).split("\n")

  assert.ok(lines.includes("skipped: e2e/some_claim: why"))
  assert.is(lines.at(-1), "4 passed, 0 failed, 2 skipped")
})

test("in CI a skip about userfaultfd throws", () => {
  assert.throws(() => captureSkip("true", () => skipLoudly("userfaultfd", "no device")), /in CI/)
  assert.ok(captureSkip("true", () => skipLoudly("machine", "1 CPU")).includes(skipMark))
})

test.run()
