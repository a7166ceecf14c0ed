import { test } from "uvu"
import * as assert from "uvu/assert"
import { startCClient } from "../harness/c_client.js"
import { startManager } from "../harness/manager.js"
import { MemoryGroup } from "../harness/memory_group.js"
import { patternFile } from "../harness/pattern.js"
import { retryUntil } from "../harness/retry.js"
import { skipLoudly } from "../harness/skip.js"
import { isRoot } from "../harness/user.js"

const lengthBytes = 32 << 20
const limitBytes = 4 << 20
const budgetMs = 20_000

test("a client at its group's limit waits, is not poisoned, and costs others nothing", async () => {
  const group = isRoot ? MemoryGroup.create("starved") : undefined
  if (group === undefined) return skipLoudly("machine", "no control group for memory can be made")
  const manager = await startManager({ images: { model: patternFile(lengthBytes, 1) } })
  const starved = await startCClient(manager.socket)
  const region = await starved.map("model", { mode: "copy" })
  group.add(starved.pid)
  if (!group.forbidKills(starved.pid)) {
    await starved.kill()
    await manager.stop()
    return skipLoudly(
      "machine",
      "the kernel's out-of-memory killer cannot be told to spare a client",
    )
  }
  group.limitTo(limitBytes)

  const verified = starved.verify(region, 1, 0, lengthBytes)
  verified.catch(() => {}) // Awaited below, or the test has failed before.
  const session = await retryUntil("word of it", budgetMs, async () => {
    const seen = await manager.session(starved.pid)
    return seen.last_error?.code === "no_memory" && seen.pending_faults > 0 && seen
  })
  assert.is(session.pages_poisoned, 0)
  assert.ok(session.resident_pages < lengthBytes / 4096)
  assert.match(manager.stderr, /the kernel has no memory for this client's pages.*memory\.max/)

  const other = await startCClient(manager.socket)
  const whole = await other.map("model", { mode: "copy" })
  assert.is(await other.verify(whole, 1, 0, lengthBytes), -1)
  const before = (await manager.session(starved.pid)).outcomes.deferred
  await retryUntil("another try", budgetMs, async () => {
    return (await manager.session(starved.pid)).outcomes.deferred > before
  })

  group.limitTo(4 * lengthBytes)
  assert.is(await verified, -1, "every byte is the image's")
  const after = await manager.settledSession(starved.pid)
  assert.is(after.pages_poisoned, 0)
  assert.is(after.outcomes.failed, 0)
  await starved.kill()
  await other.kill()
  await manager.stop()
})

test("a client that the kernel kills for it leaves nothing behind", async () => {
  const group = isRoot ? MemoryGroup.create("killed") : undefined
  if (group === undefined) return skipLoudly("machine", "no control group for memory can be made")
  const manager = await startManager({ images: { model: patternFile(lengthBytes, 1) } })
  const client = await startCClient(manager.socket)
  const region = await client.map("model", { mode: "copy" })
  group.add(client.pid)
  group.limitTo(limitBytes)

  client.touch(region, 0, lengthBytes).catch(() => {})
  const { signal } = await client.ended()

  assert.is(signal, "SIGKILL")
  await retryUntil("no session", budgetMs, async () => {
    return (await manager.debug.get<unknown[]>("/v1/sessions")).length === 0
  })
  await manager.stop()
})

test.run()
