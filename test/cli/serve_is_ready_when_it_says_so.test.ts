import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { compileProgram } from "../harness/compiled.js"
import { startManager } from "../harness/manager.js"
import { OwnedProcess } from "../harness/owned_process.js"
import { pagerdCommand, repository } from "../harness/repository.js"
import { retryUntil } from "../harness/retry.js"
import { scratchDirectory } from "../harness/scratch.js"

const budgetMs = 20_000

test("its one line on stdout comes when both sockets answer; SIGTERM ends it with 0", async () => {
  const manager = await startManager()
  const health = await manager.debug.ask("GET", "/healthz")
  const { socket, debugSocket } = manager.paths
  await manager.stop()

  assert.is(manager.stdout, `pagerd ready on ${socket}\n`)
  assert.is(health.status, 200)
  assert.not.ok(existsSync(socket), "the socket is gone")
  assert.not.ok(existsSync(debugSocket), "the debug socket is gone")
})

test("with --json the line is one JSON object; SIGINT ends it with 0", async () => {
  const directory = scratchDirectory()
  const paths = { socket: join(directory, "p.sock"), debug_socket: join(directory, "d.sock") }
  const env = {
    ...process.env,
    PAGERD_SOCKET: paths.socket,
    PAGERD_DEBUG_SOCKET: paths.debug_socket,
    PAGERD_STATE_DIR: join(directory, "state"),
  }
  const child = spawn(process.execPath, [pagerdCommand, "serve", "--json"], { env })
  const serving = new OwnedProcess("pagerd", child)

  const line = await retryUntil("the ready line", budgetMs, () =>
    serving.stdout.endsWith("\n") ? serving.stdout : undefined,
  )
  child.kill("SIGINT")
  const { code } = await serving.ended()

  assert.equal(JSON.parse(line), { ready: true, ...paths })
  assert.is(code, 0)
})

test("systemd hears READY=1 and STOPPING=1", async () => {
  const path = join(scratchDirectory(), "notify.sock")
  const program = compileProgram(join(repository, "test/cli/notice_receiver.c"))
  const receiver = new OwnedProcess("receiver", spawn(program, [path]))
  await retryUntil("the receiver", budgetMs, () => receiver.stdout.startsWith("bound\n"))

  const manager = await startManager({ env: { NOTIFY_SOCKET: path } })
  await retryUntil("READY=1", budgetMs, () => receiver.stdout.includes("READY=1"))
  await manager.stop()
  await retryUntil("STOPPING=1", budgetMs, () => receiver.stdout.includes("STOPPING=1"))
  await receiver.kill()

  assert.equal(receiver.stdout.trimEnd().split("\n"), [
    "bound",
    `READY=1|STATUS=serving on ${manager.socket}`,
    "STOPPING=1|STATUS=draining after SIGTERM",
  ])
})

test("a notify socket that nobody holds does not keep it from serving", async () => {
  const manager = await startManager({ env: { NOTIFY_SOCKET: join(scratchDirectory(), "none") } })
  await manager.stop()

  assert.match(manager.stderr, /systemd was not told: .*ENOENT|No such file/)
})

test.run()
