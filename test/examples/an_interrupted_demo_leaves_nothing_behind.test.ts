import { readdirSync } from "node:fs"
import { join } from "node:path"
import { test } from "uvu"
import * as assert from "uvu/assert"
import type { SessionView } from "../../manager/view.js"
import { DebugSocket } from "../harness/debug_socket.js"
import { isRunning } from "../harness/observed_process.js"
import { retryUntil } from "../harness/retry.js"
import { type SmallDemo, startSmallDemo } from "./small_demo.js"

const interruptedCode = 130

function managerPid(demo: SmallDemo): number {
  return Number(/pid (\d+)/.exec(demo.stdout())?.[1])
}

function debugSocket(demo: SmallDemo): DebugSocket {
  return new DebugSocket(/--unix-socket (\S+)/.exec(demo.stdout())?.[1] ?? "")
}

test("an interruption while it builds ends the manager and removes the half image", async () => {
  const demo = startSmallDemo({ args: ["--rows", "3000000"] })
  await retryUntil("the filling of the database", 30_000, () => demo.stdout().includes("filling"))
  const pid = managerPid(demo)

  demo.child.kill("SIGINT")
  const { code, stderr } = await demo.ended

  assert.is(code, interruptedCode)
  assert.match(stderr, "Interrupted by SIGINT")
  assert.is(isRunning(pid), false)
  assert.equal(demo.leftovers(), [])
  assert.equal(readdirSync(join(demo.cache, "pagerd-demo")), [])
})

test("an interruption while workers run ends them and the manager", async () => {
  const demo = startSmallDemo({ workers: 4 })
  await retryUntil("the debug socket's name", 30_000, () => demo.stdout().includes("curl"))
  const pid = managerPid(demo)
  const sessions = await retryUntil("a worker's session", 30_000, async () => {
    const seen = await debugSocket(demo).get<SessionView[]>("/v1/sessions")
    return seen.length > 0 && seen
  })

  demo.child.kill("SIGINT")
  demo.child.kill("SIGINT")
  const { code } = await demo.ended

  assert.is(code, interruptedCode)
  for (const session of sessions) {
    assert.match(session.command, "sqlite_worker.js")
    assert.is(isRunning(session.pid), false)
  }
  assert.is(isRunning(pid), false)
  assert.equal(demo.leftovers(), [])
})

test.run()
