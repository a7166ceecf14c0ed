import { spawn } from "node:child_process"
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { runPagerd } from "../cli/run_pagerd.js"
import { OwnedProcess } from "../harness/owned_process.js"
import { pagerdCommand } from "../harness/repository.js"
import { retryUntil } from "../harness/retry.js"
import { scratchDirectory } from "../harness/scratch.js"
import { skipLoudly } from "../harness/skip.js"
import { asUid, isRoot, nobody } from "../harness/user.js"

const pathsIn = (directory: string) => [
  ...["--socket", join(directory, "p.sock"), "--debug-socket", join(directory, "d.sock")],
  ...["--state-dir", join(directory, "state")],
]

/** Runs a program where DIRECTORY/state is a file system of its own, of a few pages. */
function spawnOnSmallDisk(directory: string, options: string, words: readonly string[]) {
  const mount = `mount -t tmpfs -o ${options} tmpfs "$0"; exec "$@"`
  const state = join(directory, "state")
  mkdirSync(state)
  const line = ["--mount", "sh", "-ec", mount, state, process.execPath, ...words]
  return new OwnedProcess("on a small disk", spawn("unshare", line))
}

for (const [options, found, remedy] of [
  ["mode=700,size=4k", "ENOSPC", "free space"],
  ["mode=700,ro", "Read-only", "mount its file system for writing"],
] as const) {
  test(`with ${found} at the start nobody is served, and it is said what to do`, async () => {
    if (!isRoot) return skipLoudly("root", "mounting a file system")
    const directory = scratchDirectory()
    const words = [pagerdCommand, "serve", ...pathsIn(directory)]

    const run = spawnOnSmallDisk(directory, options, words)
    const { code } = await run.ended()

    assert.is(code, 1, run.stderr)
    assert.is(run.stdout, "")
    assert.match(run.stderr, new RegExp(`^pagerd: Cannot .*state.*${found}.*; ${remedy}`, "m"))
    assert.match(run.stderr, /--state-dir/)
  })
}

test("a directory that this user may not write ends the start in the same way", async () => {
  if (!isRoot) return skipLoudly("root", "running as another user")
  const directory = scratchDirectory()

  const run = await runPagerd(["serve", ...pathsIn(directory)], { spawn: asUid(nobody) })

  assert.is(run.code, 1)
  assert.match(
    run.stderr,
    /^pagerd: Cannot make the state directory .*EACCES.*let this user write/m,
  )
})

test("once a disk is full writes fail with advice, and what was kept stays", async () => {
  if (!isRoot) return skipLoudly("root", "mounting a file system")
  const directory = scratchDirectory()
  const program = fileURLToPath(new URL("state_filler.js", import.meta.url))

  const run = spawnOnSmallDisk(directory, "mode=700,size=64k", [program, join(directory, "state")])
  await retryUntil("its account", 20_000, () => run.stdout.endsWith("\n"))
  await run.ended()

  const account = JSON.parse(run.stdout) as Record<string, unknown>
  assert.match(String(account.failure), /ENOSPC/)
  assert.match(String(account.message), /^Cannot write .*\/s: ENOSPC.*; free space/)
  assert.is(account.kept, "first")
  assert.equal(account.names, ["filler", "manager.lock", "s"], "half a file takes no room")
  assert.is(account.failureOnceFree, null)
})

test.run()
