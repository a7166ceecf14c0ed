import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { loadNative } from "../../manager/engine/load.js"
import { ManagerError } from "../../manager/errors.js"
import type { ListeningSocket } from "../../manager/sockets/native.js"
import { takePassedSockets } from "../../manager/sockets/passed_sockets.js"
import { compileProgram } from "../harness/compiled.js"
import { DebugSocket } from "../harness/debug_socket.js"
import { OwnedProcess } from "../harness/owned_process.js"
import { pagerdCommand, repository } from "../harness/repository.js"
import { retryUntil } from "../harness/retry.js"
import { scratchDirectory } from "../harness/scratch.js"
import { RawClient } from "../manager/raw_client.js"
import { runPagerd } from "./run_pagerd.js"

const budgetMs = 20_000

async function checkServed(socket: string): Promise<void> {
  const client = new RawClient(socket)
  await client.greet()
  client.close()
}

test("clients that come before it starts, and while it is gone, are served", async () => {
  const directory = scratchDirectory()
  const socket = join(directory, "clients.sock")
  const debugSocket = join(directory, "debug.sock")
  const program = compileProgram(join(repository, "test/cli/socket_activator.c"))
  const state = ["--state-dir", join(directory, "state")]
  const words = [socket, debugSocket, process.execPath, pagerdCommand, "serve", ...state]
  const activator = new OwnedProcess("activator", spawn(program, words))
  await retryUntil("the sockets", budgetMs, () => activator.stdout.includes("started"))

  await checkServed(socket)
  const debug = new DebugSocket(debugSocket)
  const info = await debug.get<{ pid: number; socket: string; debug_socket: string }>("/v1/info")
  process.kill(info.pid, "SIGKILL")
  await checkServed(socket)
  const next = await debug.get<{ pid: number }>("/v1/info")
  process.kill(next.pid, "SIGTERM")
  // Whom it still accepts while it drains is told to come again.
  await retryUntil("a third", budgetMs, () => activator.stdout.split("started").length > 3)
  await checkServed(socket)

  assert.is(info.socket, socket)
  assert.is(info.debug_socket, debugSocket)
  assert.is.not(next.pid, info.pid)
  assert.ok(existsSync(socket), "systemd's file stays")
  assert.match(activator.stdout, new RegExp(`pagerd ready on ${socket}\n`))
  await activator.kill()
})

test("a manager started by hand beside them is refused", async () => {
  const directory = scratchDirectory()
  const socket = join(directory, "clients.sock")
  const program = compileProgram(join(repository, "test/cli/socket_activator.c"))
  const state = ["--state-dir", join(directory, "state")]
  const serve = [process.execPath, pagerdCommand, "serve", ...state]
  const words = [socket, join(directory, "debug.sock"), ...serve]
  const activator = new OwnedProcess("activator", spawn(program, words))
  await retryUntil("a manager", budgetMs, () => activator.stdout.includes("pagerd ready"))

  const paths = ["--socket", socket, "--state-dir", join(directory, "other")]
  const run = await runPagerd(["serve", ...paths, "--debug-socket", join(directory, "o.sock")])

  assert.match(run.stderr, /Another manager listens on/)
  await activator.kill()
})

const listening = (of: Partial<ListeningSocket>) => () => ({
  type: "seqpacket" as const,
  isListening: true,
  path: "/run/p.sock",
  ...of,
})

function refusal(environment: NodeJS.ProcessEnv, of: Partial<ListeningSocket>): string {
  try {
    takePassedSockets({ LISTEN_PID: "7", ...environment }, { takeListening: listening(of) }, 7)
  } catch (error) {
    if (error instanceof ManagerError) return error.message
    throw error
  }
  return "taken"
}

test("what is passed and cannot be served is refused by its name", () => {
  const one = { LISTEN_FDS: "1", LISTEN_FDNAMES: "clients" }
  assert.is(refusal(one, {}), "taken")
  assert.match(refusal(one, { isListening: false }), /descriptor 3 \(clients\): .*nobody listens/)
  assert.match(refusal(one, { path: "" }), /found a socket without a path; wanted are one Listen/)
  assert.match(refusal(one, { type: "" }), /found a datagram socket \(\/run\/p\.sock\)/)
  assert.match(refusal({ LISTEN_FDS: "2" }, {}), /descriptor 4 .* a second socket for clients/)
  assert.match(refusal({ LISTEN_FDS: "x" }, {}), /LISTEN_FDS is "x": wanted is a number up to 64/)
  assert.match(refusal({ LISTEN_FDS: "65" }, {}), /LISTEN_FDS is "65"/)
})

test("what is no socket is refused, too", () => {
  const native = loadNative()
  const nothing = () => native.takeListening(999)
  assert.throws(nothing, /EBADF|Bad file descriptor/)
})

test("an announcement for another process is not for us, and none is handed on", () => {
  const environment = { LISTEN_PID: "8", LISTEN_FDS: "1", LISTEN_FDNAMES: "x" }

  const passed = takePassedSockets(environment, { takeListening: listening({}) }, 7)

  assert.equal(passed, {})
  assert.equal(environment, {})
})

test.run()
