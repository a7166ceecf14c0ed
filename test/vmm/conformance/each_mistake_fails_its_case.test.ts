// time limit: 180 s
// runs alone
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { skipLoudly } from "../../harness/skip.js"
import { guestImage } from "../guest_image.js"
import { guestModes } from "../guest_modes.js"
import {
  type Mistake,
  mistakes,
  startNaiveManager,
  startReferenceManager,
} from "../page_managers.js"
import { endStarted } from "../started.js"
import { cases } from "./cases.js"
import { type CaseResult, runCase } from "./run.js"

const test = suite()
test.after.each(endStarted)

const mebibyte = 1 << 20
/** Not a whole number of pages, and its first region's pages are all data. */
const image = guestImage({
  lengthBytes: 12 * mebibyte - 1000,
  seed: 1,
  strideBytes: 6 * mebibyte,
  writtenBytes: 4 * mebibyte,
})

/** Which cases a mistake must fail, and some that it must not. */
const expected: Readonly<Record<Mistake, { fails: string[]; passes: string[] }>> = {
  "ignores-remove": {
    fails: [
      "removed-after-touch",
      "removed-before-touch",
      "removed-then-written",
      "removed-while-faulting",
    ],
    passes: ["one-region", "two-regions", "writes-stay"],
  },
  "reads-once": { fails: ["message-in-parts"], passes: ["message-1.16"] },
  "believes-kib": {
    fails: ["message-1.7", "message-1.12", "message-1.16", "message-nydus-array"],
    passes: ["message-1.1", "message-nydus-object"],
  },
  "gives-up-at-eagain": { fails: ["removed-while-faulting"], passes: ["removed-before-touch"] },
  "reads-past-end": { fails: ["beyond-the-file"], passes: ["two-regions"] },
  "ignores-offset": { fails: ["two-regions"], passes: ["one-region"] },
  "serves-one-vm": {
    fails: ["two-vms", "killed-neighbour", "silent-neighbour"],
    passes: ["one-region", "senseless-neighbour"],
  },
  "takes-hup-for-end": {
    fails: ["message-1.1", "message-1.7"],
    passes: ["message-1.12", "message-1.16"],
  },
  "copies-4096": { fails: ["huge-pages", "huge-pages-removed"], passes: ["one-region"] },
  "poisons-pages": { fails: ["one-region", "device"], passes: [] },
  "flips-bits": { fails: ["one-region", "two-regions", "device"], passes: [] },
}

/** A guest of a naive manager may wait for ever: there it is given up soon. */
const patienceMs = { fails: 1000, passes: 20_000 } as const

async function run(
  names: readonly string[],
  socket: string,
  patience: number,
  isPlain = false,
): Promise<CaseResult[]> {
  const results: CaseResult[] = []
  for (const one of cases.filter(({ name }) => names.includes(name))) {
    results.push(await runCase(one, { socket, image, patienceMs: patience, isPlain }))
  }
  assert.is(results.length, names.length)
  return results
}

const reasons = (results: readonly CaseResult[], state: CaseResult["state"]): string[] =>
  results.filter((result) => result.state === state).map(({ name, reason }) => `${name}: ${reason}`)

const namesOf = (results: readonly CaseResult[], state: CaseResult["state"]): string[] =>
  results.filter((result) => result.state === state).map(({ name }) => name)

for (const { name, isPlain } of guestModes()) {
  test(`a manager without a mistake fails no case (${name})`, async () => {
    const all = cases.map((one) => one.name)
    for (const manager of [
      await startReferenceManager(image),
      await startNaiveManager(image, []),
    ]) {
      const results = await run(all, manager.socket, patienceMs.passes, isPlain)

      assert.equal(reasons(results, "fail"), [])
    }
  })
}

for (const mistake of mistakes) {
  test(`${mistake} fails the cases that are about it, and others not`, async () => {
    const { fails, passes } = expected[mistake]
    const { socket } = await startNaiveManager(image, [mistake])

    const wrong = await run(fails, socket, patienceMs.fails)
    const right = await run(passes, socket, patienceMs.passes)

    const skipped = reasons(wrong, "skip")
    if (skipped.length > 0) skipLoudly("machine", skipped.join(", "))
    assert.equal(namesOf(wrong, "pass"), [])
    assert.equal(reasons(right, "fail"), [])
  })
}

test.run()
