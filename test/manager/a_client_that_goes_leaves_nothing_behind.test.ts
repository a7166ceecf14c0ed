// Invariant 11.
import { test } from "uvu"
import * as assert from "uvu/assert"
import type { SessionView, StatsView } from "../../manager/view.js"
import { startCClient } from "../harness/c_client.js"
import { type Manager, startManager } from "../harness/manager.js"
import { descriptorTargets } from "../harness/observed_process.js"
import { patternFile } from "../harness/pattern.js"
import { retryUntil } from "../harness/retry.js"

const lengthBytes = 4 << 20
let manager: Manager

test.before(async () => {
  manager = await startManager({ images: { model: patternFile(lengthBytes, 1) } })
})

test.after(() => manager.stop())

async function mappedClient() {
  const client = await startCClient(manager.socket)
  const region = await client.map("model")
  assert.is(await client.verify(region, 1, 0, lengthBytes), -1)
  return client
}

/** Sessions, regions and descriptors of clients are gone from the manager. */
async function untilNothingIsLeft(): Promise<void> {
  await retryUntil("no session", 5_000, async () => {
    return (await manager.debug.get<SessionView[]>("/v1/sessions")).length === 0
  })
  const { regions } = await manager.debug.get<StatsView>("/v1/stats")
  assert.is(regions, 0)
  const names = descriptorTargets(manager.pid).map(({ target }) => target)
  assert.not(names.some((name) => /userfaultfd\]|pidfd/.test(name)))
}

test("when it is killed", async () => {
  const client = await mappedClient()
  await client.kill()
  await untilNothingIsLeft()
})

test("when it says bye", async () => {
  const client = await mappedClient()
  await client.disconnect()
  await untilNothingIsLeft()
  await client.stop()
})

test("when it returns from main without a word", async () => {
  const client = await mappedClient()
  await client.stop()
  await untilNothingIsLeft()
})

test("when it becomes another program", async () => {
  const client = await mappedClient()
  await client.become("/bin/sleep", "600")
  await untilNothingIsLeft()
  await client.kill()
})

test("and those that stay go on undisturbed", async () => {
  const stays = await mappedClient()
  const goes = await mappedClient()

  await goes.kill()
  await retryUntil("one session", 5_000, async () => {
    return (await manager.debug.get<SessionView[]>("/v1/sessions")).length === 1
  })
  await stays.reset(1)

  assert.is(await stays.verify(1, 1, 0, lengthBytes), -1)
  await stays.kill()
})

test.run()
