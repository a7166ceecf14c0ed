import { chmodSync } from "node:fs"
import { createServer } from "node:net"
import { dirname, join } from "node:path"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { DebugClient } from "../../manager/cli/debug_client.js"
import { CommandFailure } from "../../manager/cli/failure.js"
import { startFakeDebugSocket } from "../debug/fake_debug_socket.js"
import { killedListener } from "../debug/killed_listener.js"
import { scratchDirectory } from "../harness/scratch.js"
import { skipLoudly } from "../harness/skip.js"
import { asUid, isRoot, nobody } from "../harness/user.js"
import { runPagerd } from "./run_pagerd.js"

const commands = ["ps", "stats", "image ls", "image rm x", "image add x /y", "top --once", "trace"]

test("without a manager every asking command exits with 3 and says how to start one", async () => {
  const path = join(scratchDirectory(), "debug.sock")
  const runs = await Promise.all(
    commands.map((command) => runPagerd([...command.split(" "), "--debug-socket", path])),
  )

  const wanted = `pagerd: no pagerd listens on ${path}: start one with \`pagerd serve\`\n`
  for (const [index, { code, stderr, stdout }] of runs.entries()) {
    assert.is(stderr, wanted, commands[index])
    assert.is(code, 3, commands[index])
    assert.is(stdout, "", commands[index])
  }
})

test("the socket of a killed manager counts as none", async () => {
  const path = join(scratchDirectory(), "debug.sock")
  await killedListener(path)

  const run = await runPagerd(["ps", "--json", "--debug-socket", path])

  assert.is(run.code, 3)
  assert.is((JSON.parse(run.stderr) as { error: { code: string } }).error.code, "no_manager")
})

test("a socket of another user exits with 3 and says whose it is", async () => {
  if (!isRoot) return skipLoudly("root", "asking a socket of another user")
  const debug = await startFakeDebugSocket()
  chmodSync(dirname(debug.path), 0o755)

  const open = await runPagerd(["ps", "--debug-socket", debug.path], { spawn: asUid(nobody) })
  chmodSync(dirname(debug.path), 0o700)
  const closed = await runPagerd(["ps", "--debug-socket", debug.path], { spawn: asUid(nobody) })
  await debug.close()

  assert.is(open.code, 3)
  assert.match(open.stderr, /belongs to root \(mode 0600\); try `sudo -u root pagerd \.\.\.`/)
  assert.is(closed.code, 3)
  assert.match(closed.stderr, /its directory is closed to this user/)
})

test("a manager that dies in the middle of its answer exits with 3", async () => {
  const path = join(scratchDirectory(), "debug.sock")
  const server = createServer((socket) => {
    socket.once("data", () => socket.destroy())
  })
  await new Promise<void>((resolve) => server.listen(path, resolve))

  const run = await runPagerd(["ps", "--debug-socket", path])
  await new Promise((resolve) => server.close(resolve))

  assert.is(run.code, 3)
  assert.match(run.stderr, /the connection to .* broke/)
})

test("a manager that never answers is given up", async () => {
  const path = join(scratchDirectory(), "debug.sock")
  const server = createServer((socket) => socket.resume())
  await new Promise<void>((resolve) => server.listen(path, resolve))

  const asked = new DebugClient(path, 100).get("/v1/info")
  const failure = await asked.catch((error: CommandFailure) => error)
  await new Promise((resolve) => server.close(resolve))

  if (!(failure instanceof CommandFailure)) throw new Error("it was answered")
  assert.is(failure.exitCode, 3)
  assert.match(failure.message, /no answer within 0\.1 s$/)
})

test("a bug ends it with 70 and last words", async () => {
  const debug = await startFakeDebugSocket()
  const planted = "setTimeout(() => { throw new RangeError('planted') }, 300)"
  const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(planted)}` }

  const run = await runPagerd(["trace", "--debug-socket", debug.path], { env })
  await debug.close()

  assert.is(run.code, 70)
  assert.match(run.stderr, /^pagerd: this is a bug, .*RangeError: planted\n +at /)
})

test("wrong usage exits with 2 and says what is right", async () => {
  const wrong: [args: string, words: RegExp][] = [
    ["", /Usage: pagerd/],
    ["pss", /Did you mean ps\?/],
    ["ps surplus", /too many arguments/],
    ["image add x", /missing required argument 'source'/],
    ["trace --limit 0", /whole number from 1 to/],
    ["top --interval soon", /number of seconds from 0\.1 to 3600/],
    ["ps --sokcet x", /unknown option '--sokcet'/],
  ]
  for (const [args, words] of wrong) {
    const { code, stderr } = await runPagerd(args === "" ? [] : args.split(" "))

    assert.is(code, 2, args)
    assert.match(stderr, words)
  }
})

test("help and version exit with 0", async () => {
  const [help, version] = await Promise.all([runPagerd(["--help"]), runPagerd(["--version"])])

  assert.is(help.code, 0)
  assert.match(help.stdout, /Exit codes:\n {2}0 {2}done/)
  assert.is(version.code, 0)
  assert.match(version.stdout, /^\d+\.\d+\.\d+\n$/)
})

test.run()
