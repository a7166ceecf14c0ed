// Invariant 9.
import { Packr } from "msgpackr"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { retryUntil } from "../harness/retry.js"
import { RawClient } from "./raw_client.js"
import { serveInTest } from "./serving.js"

const packr = new Packr({ useRecords: false })
const framesQueuedMax = 32

test("once so many answers wait, and a client beside it is answered all along", async () => {
  const manager = await serveInTest({ config: { limits: { framesQueuedMax } } })
  const deaf = new RawClient(manager.socket)
  const beside = new RawClient(manager.socket)
  await deaf.greet()
  await beside.greet()

  deaf.stopReading()
  const flood = packr.pack({ type: "image", request: 1, image: "none".repeat(60) })
  let hasEnded = false
  void deaf.ended.then(() => {
    hasEnded = true
  })
  await retryUntil("its end", 20_000, async () => {
    while (deaf.trySend(flood)) {}
    beside.request({ type: "image", image: "none" })
    await beside.nextError("unknown_image")
    return hasEnded
  })

  const ends = manager.logLines.filter(({ msg }) => msg === "session ended")
  assert.match(String(ends[0]?.reason), /left 32 frames unread, the most that may wait/)
  assert.is(manager.inspect.sessions().length, 1)
  beside.close()
  await manager.close()
})

test.run()
