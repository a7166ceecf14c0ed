import { skipMark } from "../harness/skip.js"

/** How many tests of one file, or of all of them, ended how. */
export interface Totals {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

/** What a test file's output says about its tests: the totals and the reasons of its skips. */
export interface Reading {
  readonly totals: Totals
  readonly skips: readonly string[]
}

/**
 * Reads uvu's closing lines. Undefined when there are none: the file crashed, ended early or never
 * called run(). Failed is what neither passed nor was skipped: uvu itself exits with 0 when a
 * `before` hook throws.
 */
export function readTotals(output: string): Reading | undefined {
  const total = lastNumber(output, "Total")
  const passed = lastNumber(output, "Passed")
  const skipped = lastNumber(output, "Skipped")
  if (total === undefined || passed === undefined || skipped === undefined) return undefined
  const skips = output
    .split("\n")
    .filter((line) => line.startsWith(skipMark))
    .map((line) => line.slice(skipMark.length))
  return {
    // A test that skipped itself loudly returned, so uvu counted it as passed.
    totals: {
      passed: passed - skips.length,
      failed: total - passed,
      skipped: skipped + skips.length,
    },
    skips,
  }
}

function lastNumber(output: string, label: string): number | undefined {
  const matches = [...output.matchAll(new RegExp(`^ {2}${label}: +(\\d+)$`, "gm"))]
  const digits = matches.at(-1)?.[1]
  return digits === undefined ? undefined : Number(digits)
}

export function addTotals(all: readonly Totals[]): Totals {
  return all.reduce(
    (sum, each) => ({
      passed: sum.passed + each.passed,
      failed: sum.failed + each.failed,
      skipped: sum.skipped + each.skipped,
    }),
    { passed: 0, failed: 0, skipped: 0 },
  )
}
