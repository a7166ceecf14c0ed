import { chmodSync, chownSync } from "node:fs"
import { join } from "node:path"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { startManager } from "../harness/manager.js"
import { scratchDirectory } from "../harness/scratch.js"
import { skipLoudly } from "../harness/skip.js"
import { isRoot, nobody } from "../harness/user.js"
import { parseReport, type SmallDemo, startSmallDemo } from "./small_demo.js"
import { stagePackage } from "./staged_package.js"

let staged: string | undefined

/** A demo that nobody runs, told to use the manager at this socket if it can. */
function startAsNobody(socket: string): SmallDemo {
  staged ??= stagePackage()
  const runtime = scratchDirectory()
  const cache = scratchDirectory()
  for (const directory of [runtime, cache]) chownSync(directory, nobody, nobody)
  const env = { PAGERD_SOCKET: socket }
  return startSmallDemo({ uid: nobody, directory: staged, env, runtime, cache, args: ["--json"] })
}

test("it publishes its images to root's manager, and has the kernel's figures only", async () => {
  if (!isRoot) return skipLoudly("root", "only root can run a manager for another user")
  const manager = await startManager()
  chmodSync(manager.paths.directory, 0o755)

  const { code, stdout, stderr } = await startAsNobody(manager.socket).ended

  assert.is(code, 0, stderr)
  assert.match(stderr, `Using the manager at ${manager.socket}`)
  assert.match(stderr, "debug socket is not open to this user")
  const { manager: used, images } = parseReport(stdout)
  assert.equal(used.pid, null)
  assert.is(used.socket, manager.socket)
  for (const { name, ways } of images) {
    assert.match(name, /^u65534\/demo-\d+\/(sqlite|index)$/)
    for (const worker of ways[0]?.workers ?? []) {
      assert.is(worker.faults, null)
      assert.ok((worker.resident_bytes ?? 0) > 0)
    }
  }
  assert.equal(await manager.debug.get("/v1/images"), [])
  await manager.stop()
})

test("without one it starts its own and says what that means", async () => {
  if (!isRoot) return skipLoudly("root", "only root can become nobody")
  const socket = join(scratchDirectory(), "none.sock")

  const demo = startAsNobody(socket)
  const { code, stdout, stderr } = await demo.ended

  assert.is(code, 0, stderr)
  assert.match(stderr, `No manager at ${socket}`)
  assert.match(stderr, "Started pagerd serve as uid 65534")
  assert.match(stderr, "Without root it serves faults of user code only")
  for (const { ways } of parseReport(stdout).images) {
    for (const worker of ways[0]?.workers ?? []) assert.ok((worker.faults ?? 0) > 0)
  }
  assert.equal(demo.leftovers(), [])
})

test.run()
