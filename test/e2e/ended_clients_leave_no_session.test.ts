import { suite } from "uvu"
import * as assert from "uvu/assert"
import type { ImageView, SessionView } from "../../manager/view.js"
import { type CClient, startCClient } from "../harness/c_client.js"
import { startManager } from "../harness/manager.js"
import { descriptorCount, threadCount } from "../harness/observed_process.js"
import { patternFile } from "../harness/pattern.js"
import { retryUntil } from "../harness/retry.js"

const ends: Readonly<Record<string, (client: CClient) => Promise<unknown>>> = {
  disconnects: (client) => client.disconnect(),
  "returns from main": (client) => client.stop(),
  "is killed": (client) => client.kill(),
  "becomes another program": (client) => client.become("sleep", "60"),
}

const test = suite()

for (const [name, end] of Object.entries(ends)) {
  test(`a client that ${name} leaves no session, descriptor, thread or region`, async () => {
    const manager = await startManager({ images: { image: patternFile(2 ** 20, 71) } })
    const before = { descriptors: descriptorCount(manager.pid), threads: threadCount(manager.pid) }
    const client = await startCClient(manager.socket)
    const region = await client.map("image")
    await client.touch(region, 0, 2 ** 20)
    await manager.session(client.pid)

    await end(client)

    await retryUntil("no session", 5_000, async () => {
      return (await manager.debug.get<SessionView[]>("/v1/sessions")).length === 0
    })
    await retryUntil(`${before.descriptors} descriptors`, 5_000, () => {
      return descriptorCount(manager.pid) <= before.descriptors
    })
    assert.is(threadCount(manager.pid), before.threads)
    const [image] = await manager.debug.get<ImageView[]>("/v1/images")
    assert.is(image?.regions, 0)
    await client.kill()
    await manager.stop()
  })
}

test.run()
