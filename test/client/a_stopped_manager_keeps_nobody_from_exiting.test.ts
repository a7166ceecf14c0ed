import { test } from "uvu"
import * as assert from "uvu/assert"
import { startManager } from "../harness/manager.js"
import { patternFile } from "../harness/pattern.js"
import { runToItsEnd } from "./crashing_child.js"

test("process.exit() ends a process whose call waits for a manager that is stopped", async () => {
  const manager = await startManager({ images: { image: patternFile(1 << 20, 1) } })

  const { code, signal } = runToItsEnd("exit_child.js", manager.socket, String(manager.pid))

  assert.is(signal, null)
  assert.is(code, 3)
  process.kill(manager.pid, "SIGCONT")
  await manager.stop()
})

test.run()
