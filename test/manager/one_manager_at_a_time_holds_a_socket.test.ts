import { existsSync, statSync, symlinkSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { join } from "node:path"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { loadNative } from "../../manager/engine/load.js"
import { ManagerError } from "../../manager/errors.js"
import { startManager } from "../harness/manager.js"
import { scratchDirectory } from "../harness/scratch.js"
import { RawClient } from "./raw_client.js"
import { serveInTest } from "./serving.js"

/** The code of the ManagerError that serving in that directory ends with. */
async function refusalIn(directory: string): Promise<ManagerError> {
  const socket = join(directory, "pagerd.sock")
  try {
    await (await serveInTest({ socket })).close()
  } catch (error) {
    if (error instanceof ManagerError) return error
    throw error
  }
  throw new Error("it serves")
}

test("a second manager is refused, and the first one serves on", async () => {
  const directory = scratchDirectory()
  const first = await startManager({ directory })

  const refusal = await refusalIn(directory)

  assert.is(refusal.code, "already_running")
  const remedy = "end it, or name another path (--socket)"
  assert.is(refusal.message, `Another manager listens on ${first.socket}: ${remedy}`)
  const client = new RawClient(first.socket)
  await client.greet()
  client.close()
  await first.stop()
})

test("a killed manager's socket is taken over", async () => {
  const directory = scratchDirectory()
  const killed = await startManager({ directory })
  await killed.kill()
  assert.ok(existsSync(killed.socket))

  const next = await startManager({ directory })

  const client = new RawClient(next.socket)
  await client.greet()
  client.close()
  await next.stop()
  assert.not(existsSync(next.socket))
})

test("of many that start at once where one was killed, exactly one serves", async () => {
  const directory = scratchDirectory()
  await (await startManager({ directory })).kill()

  const starts = Array.from({ length: 4 }, () => startManager({ directory }))
  const started = await Promise.allSettled(starts)

  const serving = started.flatMap((start) => (start.status === "fulfilled" ? [start.value] : []))
  assert.is(serving.length, 1)
  await serving[0]?.stop()
})

test("while a manager that starts holds the lock, what looks dead is not taken over", async () => {
  const directory = scratchDirectory()
  const killed = await startManager({ directory })
  await killed.kill()
  const lock = loadNative().lockFile(`${killed.socket}.lock`)

  const refusal = await refusalIn(directory)

  assert.is(refusal.code, "already_running")
  assert.ok(existsSync(killed.socket))
  loadNative().closeDescriptor(lock)
})

test("what is no socket is not removed", async () => {
  const directory = scratchDirectory()
  const path = join(directory, "pagerd.sock")
  writeFileSync(path, "precious")

  const refusal = await refusalIn(directory)

  assert.is(refusal.code, "socket_path_taken")
  assert.match(refusal.message, /is in the way: it is no socket/)
  assert.is(statSync(path).size, 8)
})

test("a link in the socket's place is not followed", async () => {
  const directory = scratchDirectory()
  symlinkSync("/dev/null", join(directory, "pagerd.sock"))

  assert.is((await refusalIn(directory)).code, "socket_path_taken")
})

test("another program's socket is not removed", async () => {
  const directory = scratchDirectory()
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(join(directory, "pagerd.sock"), resolve))

  const refusal = await refusalIn(directory)

  assert.is(refusal.code, "socket_path_taken")
  server.close()
})

test("a path too long for a socket is named with its length", async () => {
  const refusal = await refusalIn(join(scratchDirectory(), "x".repeat(100)))

  assert.is(refusal.code, "socket_path_too_long")
  assert.match(refusal.message, /at most 107 bytes; this has \d+/)
})

test.run()
