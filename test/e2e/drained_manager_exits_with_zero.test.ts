import { existsSync } from "node:fs"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { startCClient } from "../harness/c_client.js"
import { startManager } from "../harness/manager.js"
import { isRunning } from "../harness/observed_process.js"
import { patternFile } from "../harness/pattern.js"
import { retryUntil } from "../harness/retry.js"

const page = 4096
const imageBytes = 2 ** 20

const test = suite()

test("SIGTERM ends a manager that has clients with 0, and its sockets are gone", async () => {
  const manager = await startManager({ images: { image: patternFile(imageBytes, 161) } })
  const clients = await Promise.all([1, 2, 3].map(() => startCClient(manager.socket)))
  for (const client of clients) await client.touch(await client.map("image"), 0, imageBytes)

  manager.terminate()

  assert.equal(await manager.ended(), { code: 0, signal: null })
  assert.not.ok(existsSync(manager.paths.socket))
  assert.not.ok(existsSync(manager.paths.debugSocket))
  assert.ok(
    clients.every(({ pid }) => isRunning(pid)),
    "clients outlive it",
  )
  await Promise.all(clients.map((client) => client.stop()))
})

test("what a client has not touched by then blocks it and is never zeros", async () => {
  const manager = await startManager({ images: { image: patternFile(imageBytes, 162) } })
  const client = await startCClient(manager.socket)
  const region = await client.map("image", { windowBytes: page })
  assert.is(await client.verify(region, 162, 0, page), -1)

  await manager.stop()

  assert.is(await client.verify(region, 162, 0, page), -1)
  await client.parkFault(region, 8 * page)
  await client.kill()
})

test("a request under way is answered before the end", async () => {
  const longBytes = 4 * 2 ** 30
  const only = [{ offsetBytes: longBytes - page, lengthBytes: page }]
  const manager = await startManager({ images: { long: patternFile(longBytes, 163, { only }) } })
  const client = await startCClient(manager.socket)
  const region = await client.map("long")
  const prefault = client.prefault(region, 0, 0)
  const begun = await retryUntil("the prefault's first pages", 5_000, async () => {
    const { pages_zeroed } = await manager.session(client.pid)
    return pages_zeroed > 0 && pages_zeroed
  })
  assert.ok(begun < longBytes / page - 1, "it is still under way")

  manager.terminate()

  await prefault
  assert.is((await manager.ended()).code, 0)
  assert.is(await client.verify(region, 163, longBytes - page, page), -1)
  await client.stop()
})

test.run()
