import { spawn } from "node:child_process"
import { closeSync, openSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { type Manager, startManager } from "../harness/manager.js"
import { descriptorCount, descriptorTargets } from "../harness/observed_process.js"
import { OwnedProcess } from "../harness/owned_process.js"
import { repository } from "../harness/repository.js"
import { retryUntil } from "../harness/retry.js"
import { scratchDirectory } from "../harness/scratch.js"
import { skipLoudly } from "../harness/skip.js"
import { leaveMountNamespace, startStallingFileSystem } from "../harness/stalling_file_system.js"
import { isRoot, nobody } from "../harness/user.js"
import { RawClient } from "./raw_client.js"

const descriptorsPerUserMax = 1_024
const canMount = isRoot && leaveMountNamespace()
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

/** What this user sends and nobody wants is closed, whatever others keep from being closed. */
async function checkOthersAreClosed(other: RawClient, { pid }: Manager): Promise<void> {
  const path = join(scratchDirectory(), "surplus")
  writeFileSync(path, "")
  const surplus = openSync(path, "r")
  other.request({ type: "image", image: "none" }, [surplus])
  await other.nextError("surplus_descriptors")
  closeSync(surplus)
  await retryUntil("its descriptor closed", 10_000, () =>
    descriptorTargets(pid).every(({ target }) => target !== path),
  )
}

test("others are answered, and the user who did it is told and shut out meanwhile", async () => {
  if (!canMount) {
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
  await checkOthersAreClosed(other, manager)
  other.close()

  await fileSystem.end()
  await retryUntil("the descriptors closed", 10_000, () => descriptorCount(manager.pid) === before)
  await sender.kill()
  await manager.stop()
})

test("what is still being closed counts among the descriptors held for its sender", async () => {
  if (!canMount) {
    skipLoudly(isRoot ? "machine" : "root", "a file system must be mounted")
    return
  }
  const fileSystem = await startStallingFileSystem()
  const manager = await startManager({ config: "[limits]\ndescriptors_per_uid_max = 255\n" })

  const { sender, surplus } = await sendFrom(nobody, manager.socket, fileSystem.file, 2)

  assert.match(surplus[1] ?? "", /holds 25[6-9] descriptors for user 65534, wanted at most 255/)
  await fileSystem.end()
  await sender.kill()
  await manager.stop()
})

test.run()
