import { once } from "node:events"
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

/** Resolves while workers are connected, with one of them stopped: it will not end by itself. */
async function stoppedWorkers(demo: SmallDemo): Promise<SessionView[]> {
  await retryUntil("the debug socket's name", 30_000, () => demo.stdout().includes("curl"))
  const path = /--unix-socket (\S+)/.exec(demo.stdout())?.[1] ?? ""
  const workers = await retryUntil("a worker's session", 30_000, async () => {
    const sessions = await new DebugSocket(path).get<SessionView[]>("/v1/sessions")
    const found = sessions.filter(({ command }) => /(sqlite|index)_worker\.js/.test(command))
    return found.length > 0 && found
  })
  for (const { pid } of workers.slice(0, 1)) process.kill(pid, "SIGSTOP")
  return workers
}

function assertNothingIsLeft(demo: SmallDemo, sessions: readonly SessionView[]): void {
  for (const { pid } of sessions) assert.is(isRunning(pid), false)
  assert.is(isRunning(managerPid(demo)), false)
  assert.equal(demo.leftovers(), [])
}

test("an interruption while workers run ends them and the manager", async () => {
  const demo = startSmallDemo({ workers: 4 })
  const sessions = await stoppedWorkers(demo)

  demo.child.kill("SIGINT")
  demo.child.kill("SIGINT")
  const { code } = await demo.ended

  assert.is(code, interruptedCode)
  assertNothingIsLeft(demo, sessions)
})

test("a reader of its output that goes away ends it like an interruption", async () => {
  const demo = startSmallDemo({ workers: 4 })
  const sessions = await stoppedWorkers(demo)
  const end = once(demo.child, "exit")

  demo.child.stdout?.destroy()
  demo.child.stderr?.destroy()
  for (const { pid } of sessions) process.kill(pid, "SIGCONT")
  await end

  assertNothingIsLeft(demo, sessions)
})

test("a manager that dies while workers run ends them and the demo, which says so", async () => {
  const demo = startSmallDemo({ workers: 4 })
  const sessions = await stoppedWorkers(demo)

  process.kill(managerPid(demo), "SIGKILL")
  const { code, stderr } = await demo.ended

  assert.is(code, 1)
  assert.match(stderr, `pagerd (pid ${managerPid(demo)}) was ended by SIGKILL`)
  assertNothingIsLeft(demo, sessions)
})

test.run()
