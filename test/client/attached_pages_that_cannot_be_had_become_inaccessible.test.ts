import { test } from "uvu"
import * as assert from "uvu/assert"
import { startManager } from "../harness/manager.js"
import { patternFile } from "../harness/pattern.js"
import { runToItsEnd } from "./crashing_child.js"

for (const mode of ["copy", "share"] as const) {
  test(`without its manager a session of mode ${mode} leaves no page of zeros`, async () => {
    const manager = await startManager({ images: { heap: patternFile(64 * 65_536, 5) } })

    const { signal, stdout } = runToItsEnd(
      "inaccessible_child.js",
      manager.socket,
      String(manager.pid),
      mode,
    )

    assert.equal(stdout.trimEnd().split("\n"), [
      "region: manager_gone",
      "pager: manager_gone",
      "there: 77",
    ])
    assert.is(signal, "SIGSEGV")
  })
}

test.run()
