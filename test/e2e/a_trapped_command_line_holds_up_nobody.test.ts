// Invariant 10.
import { spawnSync } from "node:child_process"
import { readFile } from "node:fs/promises"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { startCClient } from "../harness/c_client.js"
import { startHostileClient } from "../harness/hostile_client.js"
import { stuckThreadCount } from "../harness/observed_process.js"
import { patternFile } from "../harness/pattern.js"
import { retryUntil, within } from "../harness/retry.js"
import { skipLoudly } from "../harness/skip.js"
import { leaveMountNamespace, startStallingFileSystem } from "../harness/stalling_file_system.js"
import { isRoot } from "../harness/user.js"
import { serveInTest } from "../manager/serving.js"

const page = 4096
const pages = 16
const seed = 23
/** More than the threads that Node has for files. */
const traps = 6
const budgetMs = 10_000
const canMount = isRoot && leaveMountNamespace()

/** The kernel fetches it from the process, under a lock that the process has taken for good. */
function isTrapped(pid: number): boolean {
  const read = spawnSync("cat", [`/proc/${pid}/cmdline`], { timeout: 200, killSignal: "SIGKILL" })
  return read.signal === "SIGKILL"
}

async function startTrapped(file: string, untilRead: () => Promise<unknown>) {
  const client = await startHostileClient()
  await client.order("read_aside", file)
  await untilRead()
  await client.order("map_aside", file)
  await retryUntil("the trap", budgetMs, () => isTrapped(client.pid))
  return client
}

test("six clients whose command lines cannot be read, and one that is served", async () => {
  if (!canMount) {
    skipLoudly(isRoot ? "machine" : "root", "a file system must be mounted")
    return
  }
  const { file, untilRead, end } = await startStallingFileSystem()
  const manager = await serveInTest({ images: { image: patternFile(pages * page, seed) } })
  const hostile = await Promise.all(
    Array.from({ length: traps }, () => startTrapped(file, untilRead)),
  )
  for (const client of hostile) await client.order("connect", manager.socket)
  await retryUntil("command lines asked for", budgetMs, () => stuckThreadCount(process.pid) >= 2)

  const client = await startCClient(manager.socket)
  const region = await client.map("image", { mode: "copy" })
  const mismatch = await client.verify(region, seed, 0, pages * page)
  for (let round = 0; round < 10; round += 1) {
    await within("a file, which threads of Node read", budgetMs, readFile("/proc/self/stat"))
  }

  assert.is(mismatch, -1)
  const shown = manager.inspect.sessions().filter(({ pid }) => pid !== client.pid)
  assert.equal(
    shown.map(({ pid }) => pid),
    hostile.map(({ pid }) => pid),
  )
  assert.ok(shown.every(({ command }) => command.length > 0 && command.length <= 15))
  await client.stop()
  await end()
  for (const { process } of hostile) await process.kill()
  await manager.close()
})

test.run()
