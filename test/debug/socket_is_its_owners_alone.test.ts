import { stat, symlink, writeFile } from "node:fs/promises"
import { connect, createServer } from "node:net"
import { join } from "node:path"
import { pino } from "pino"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { startDebugServer } from "../../manager/debug/server.js"
import { scratchDirectory } from "../harness/scratch.js"
import { FakeManager } from "./fake_manager.js"
import { killedListener } from "./killed_listener.js"

let directory: string
test.before.each(() => {
  directory = scratchDirectory()
})

const start = (path: string) =>
  startDebugServer({ path, inspect: new FakeManager(), log: pino({ level: "silent" }) })

async function failure(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => "nothing failed",
    (error: Error) => error.message,
  )
}

test("the socket has mode 0600, whatever the umask, and goes with its server", async () => {
  const path = join(directory, "run", "debug.sock")
  const umask = process.umask(0)
  const server = await start(path)
  const during = process.umask(umask)

  const { mode } = await stat(path)
  await server.close()

  assert.is(mode & 0o777, 0o600)
  assert.is(during, 0, "the umask is put back")
  assert.match(await failure(stat(path)), /ENOENT/)
})

test("a socket that a killed manager left is replaced", async () => {
  const path = join(directory, "debug.sock")
  await killedListener(path)
  assert.ok((await stat(path)).isSocket(), "the test leaves a dead socket")

  const server = await start(path)

  await server.close()
})

test("a socket that somebody listens on is left alone", async () => {
  const path = join(directory, "debug.sock")
  const other = await start(path)

  assert.match(await failure(start(path)), /Another process listens on .*debug\.sock/)
  assert.ok((await stat(path)).isSocket())
  await other.close()
})

test("a file or a link in its place is left alone", async () => {
  const file = join(directory, "file")
  await writeFile(file, "precious")
  const link = join(directory, "link")
  await symlink(file, link)

  assert.match(await failure(start(file)), /no socket, so it is not removed/)
  assert.match(await failure(start(link)), /no socket, so it is not removed/)
})

test("a path that no socket address can hold is refused in words", async () => {
  const path = join(directory, "x".repeat(120))

  assert.match(await failure(start(path)), /at most 107 bytes; .*x has 1\d\d/)
})

test("a directory that cannot be made is told", async () => {
  const file = join(directory, "file")
  await writeFile(file, "")

  assert.match(await failure(start(join(file, "debug.sock"))), /Cannot listen on .*debug\.sock: E/)
})

test("closing waits for no connection that asks nothing", async () => {
  const path = join(directory, "debug.sock")
  const server = await start(path)
  const silent = connect(path)
  await new Promise((resolve) => silent.once("connect", resolve))

  await server.close()

  silent.destroy()
  const again = createServer()
  await new Promise<void>((resolve) => again.listen(path, resolve))
  await new Promise((resolve) => again.close(resolve))
})

test.run()
