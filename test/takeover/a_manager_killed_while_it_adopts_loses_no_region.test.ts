// Invariant 16.
import { pino } from "pino"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { loadNative } from "../../manager/engine/load.js"
import type { Region } from "../../manager/sessions/region_book.js"
import type { Session } from "../../manager/sessions/session.js"
import { SessionJournal } from "../../manager/sessions/session_journal.js"
import { StateDirectory } from "../../manager/state/state_directory.js"
import { scratchDirectory } from "../harness/scratch.js"

const log = pino({ level: "silent" })

/** Runs as one manager after another does, on the same state; none comes to an orderly end. */
function asNextManager<Result>(path: string, run: (journal: SessionJournal) => Result): Result {
  const state = StateDirectory.open(path, log)
  try {
    return run(new SessionJournal(state, loadNative(), log))
  } finally {
    state.close()
  }
}

/** Of this process, with what the journal asks of one. */
const sessionNamed = (id: string): Session => {
  const peer = { pid: process.pid, uid: 0, gid: 0, groups: [] }
  return { id, peer, client: "test", isChild: false, userfaultfd: 3 } as unknown as Session
}

const regionOf = (region: number): Region => {
  const image = { id: 1, key: "key", name: "image" }
  const range = { address: 4096n * BigInt(region), lengthBytes: 4096n, offsetBytes: 0n }
  const rest = { windowBytes: 0, mode: "copy", access: "private", onDiscard: "zero" }
  return { region, image, ...range, ...rest } as unknown as Region
}

test("what it follows stands in its own file from the first moment on", () => {
  const path = scratchDirectory()
  asNextManager(path, (journal) => {
    const record = journal.begin(sessionNamed("s1"))
    for (const number of [1, 2, 3]) record?.noteMapped(regionOf(number))
    record?.noteEnded(2)
  })

  // Killed before it has mapped anything of what it adopts.
  asNextManager(path, (journal) => journal.begin(sessionNamed("s2"), journal.past[0]))

  const past = asNextManager(path, (journal) => journal.past)
  assert.equal(
    past.map(({ session, regions }) => [session, regions.map(({ region }) => region)]),
    [["s2", [1, 3]]],
  )
  assert.is(past[0]?.regions[0]?.onDiscard, "zero")
})

test.run()
