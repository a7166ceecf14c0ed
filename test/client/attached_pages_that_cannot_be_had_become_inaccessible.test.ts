import { test } from "uvu"
import * as assert from "uvu/assert"
import { startManager } from "../harness/manager.js"
import { patternFile } from "../harness/pattern.js"
import { runToItsEnd } from "./crashing_child.js"

// No call waits for another manager.
process.env.PAGERD_WAIT_MS = "0"

const ends = [
  { mode: "copy", grow: "", wanted: "SIGSEGV" },
  { mode: "share", grow: "", wanted: "SIGSEGV" },
  { mode: "copy", grow: "grow", wanted: "SIGBUS" },
  { mode: "share", grow: "grow", wanted: "SIGBUS" },
]

for (const { mode, grow, wanted } of ends) {
  const what = `a session of mode ${mode} ${grow && "whose memory grows "}`
  test(`without its manager ${what}leaves no page of zeros`, async () => {
    const manager = await startManager({ images: { heap: patternFile(64 * 65_536, 5) } })

    const { signal, stdout } = runToItsEnd(
      "inaccessible_child.js",
      manager.socket,
      String(manager.pid),
      mode,
      grow,
    )

    assert.equal(stdout.trimEnd().split("\n"), [
      "region: manager_gone",
      "pager: manager_gone",
      "there: 77",
    ])
    assert.is(signal, wanted)
  })
}

test.run()
