import { test } from "uvu"
import * as assert from "uvu/assert"
import { retryUntil } from "../harness/retry.js"
import { RawClient } from "./raw_client.js"
import { serveInTest } from "./serving.js"

const cases = [
  ["sessionsMax", /^This manager has 3 sessions, the most it may have$/],
  ["sessionsPerUidMax", /^User \d+ has 3 sessions, the most that one user may have$/],
] as const

for (const [limit, sentence] of cases) {
  test(`${limit}: one more is told so, and admitted when another has gone`, async () => {
    const manager = await serveInTest({ config: { limits: { [limit]: 3 } } })
    const clients = [1, 2, 3].map(() => new RawClient(manager.socket))
    for (const client of clients) await client.greet()

    const fourth = new RawClient(manager.socket)
    fourth.send({ type: "hello", version: 1, client: "raw", want_device: false })
    assert.match(await fourth.nextError("too_many_sessions", 0), sentence)
    await fourth.untilEnded()

    clients.pop()?.close()
    await retryUntil("a free place", 5_000, () => manager.inspect.sessions().length === 2)
    const fifth = new RawClient(manager.socket)
    await fifth.greet()
    for (const client of [...clients, fifth]) client.close()
    await manager.close()
  })
}

test("one that is not admitted and says nothing is told all the same", async () => {
  const manager = await serveInTest({ config: { limits: { sessionsMax: 1 } } })
  const first = new RawClient(manager.socket)
  await first.greet()

  const silent = new RawClient(manager.socket)

  await silent.nextError("too_many_sessions", 0)
  await silent.untilEnded()
  first.close()
  await manager.close()
})

test.run()
