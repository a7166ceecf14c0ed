import { execFileSync, spawn } from "node:child_process"
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import koffi from "koffi"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { compileProgram } from "../harness/compiled.js"
import { startManager } from "../harness/manager.js"
import { descriptorCount } from "../harness/observed_process.js"
import { OwnedProcess } from "../harness/owned_process.js"
import { repository } from "../harness/repository.js"
import { retryUntil } from "../harness/retry.js"
import { scratchDirectory } from "../harness/scratch.js"
import { skipLoudly } from "../harness/skip.js"
import { isRoot, nobody } from "../harness/user.js"
import { RawClient } from "./raw_client.js"

const descriptorsPerUserMax = 1_024
const newMountNamespace = 0x20000
const unshare = koffi.load("libc.so.6").func("int unshare(int flags)")

/**
 * From here on children of this process mount for themselves: no mount outlives them. False where
 * that is not allowed, as mounting then is not either.
 */
function leaveMountNamespace(): boolean {
  if (unshare(newMountNamespace) !== 0) return false
  execFileSync("mount", ["--make-rprivate", "/"])
  return true
}

/**
 * A file that opens like any other; closing it blocks until the file system's process has ended.
 */
async function startStallingFileSystem(): Promise<{ file: string; process: OwnedProcess }> {
  const program = compileProgram(join(repository, "test/manager/stalling_file_system.c"))
  const mountPoint = join(scratchDirectory(), "mount")
  mkdirSync(mountPoint)
  const owned = new OwnedProcess("stalling file system", spawn(program, [mountPoint]))
  await linesOf(owned, 1)
  return { file: join(mountPoint, "file"), process: owned }
}

const linesOf = (owned: OwnedProcess, lines: number): Promise<string[]> =>
  retryUntil(`${lines} lines of ${owned.name}`, 20_000, () => {
    const complete = owned.stdout.split("\n").slice(0, -1)
    return complete.length >= lines && complete
  })

/** Sends the file again and again as that user. Returns who did, and what the manager said. */
async function sendFrom(uid: number, socket: string, file: string, connections: number) {
  const program = join(repository, "dist/test/manager/descriptor_sender.js")
  const words = [program, socket, file, String(uid), String(connections)]
  const sender = new OwnedProcess("sender", spawn(process.execPath, words))
  const [line = ""] = await linesOf(sender, 1)
  const { published, surplus } = JSON.parse(line) as { published: string; surplus: string[] }
  return { sender, published, surplus }
}

test("others are answered, and the user who did it is told and shut out meanwhile", async () => {
  if (!isRoot || !leaveMountNamespace()) {
    skipLoudly(isRoot ? "machine" : "root", "a file system must be mounted")
    return
  }
  const fileSystem = await startStallingFileSystem()
  const manager = await startManager()
  const before = descriptorCount(manager.pid)

  const { sender, published, surplus } = await sendFrom(nobody, manager.socket, fileSystem.file, 6)

  assert.match(published, /its file system, fuse\.stalling, is served by a process/)
  assert.is(surplus[0], '"image" came with 253 descriptors, wanted none')
  assert.match(surplus[5] ?? "", /^User 65534 has sent \d{4} descriptors that the kernel is still/)
  const held = descriptorCount(manager.pid) - before
  assert.ok(held > descriptorsPerUserMax && held <= descriptorsPerUserMax + 253, `${held}`)
  const other = new RawClient(manager.socket)
  await other.greet()
  other.request({ type: "image", image: "none" })
  await other.nextError("unknown_image")
  other.close()

  fileSystem.process.child.stdin?.end()
  await fileSystem.process.ended()
  await retryUntil("the descriptors closed", 10_000, () => descriptorCount(manager.pid) === before)
  await sender.kill()
  await manager.stop()
})

test.run()
