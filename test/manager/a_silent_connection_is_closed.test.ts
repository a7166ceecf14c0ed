import { test } from "uvu"
import * as assert from "uvu/assert"
import { RawClient } from "./raw_client.js"
import { serveInTest } from "./serving.js"

test("when it has not said hello in time, and one that has is not", async () => {
  const manager = await serveInTest({ config: { greetingTimeoutMs: 50 } })
  const greeted = new RawClient(manager.socket)
  await greeted.greet()
  const silent = new RawClient(manager.socket)

  const sentence = await silent.nextError("unexpected_message", 0)
  await silent.untilEnded()

  assert.is(sentence, 'No "hello" has come within 50 ms of connecting')
  assert.is(manager.inspect.sessions().length, 1)
  greeted.close()
  await manager.close()
})

test.run()
