import { test } from "uvu"
import * as assert from "uvu/assert"
import { FrameBucket } from "../../manager/sockets/frame_bucket.js"
import { RawClient } from "./raw_client.js"
import { serveInTest } from "./serving.js"

test("so many at once, then so many a second, and never more saved than that", () => {
  let nowMs = 0
  const bucket = new FrameBucket(1_000, 10, () => nowMs)
  const take = (frames: number) => Array.from({ length: frames }, () => bucket.take())

  const first = take(11)
  nowMs += 6
  const afterPause = take(6)
  nowMs += 3_600_000
  const afterAnHour = take(11)

  assert.equal(first, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6])
  assert.equal(afterPause, [0, 0, 0, 0, 0, 6])
  assert.equal(afterAnHour, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6])
})

const framesPerSecondMax = 200
const framesBurstMax = 20
const frames = 100

test("one that floods is answered in full, late, and a client beside it at once", async () => {
  const limits = { framesPerSecondMax, framesBurstMax }
  const manager = await serveInTest({ config: { limits } })
  const flooding = new RawClient(manager.socket)
  const beside = new RawClient(manager.socket)
  await flooding.greet()
  await beside.greet()

  const startMs = performance.now()
  for (let frame = 0; frame < frames; frame += 1) flooding.request({ type: "image", image: "none" })
  beside.request({ type: "image", image: "none" })
  await beside.nextError("unknown_image")
  const untaken = flooding.untaken
  for (let frame = 0; frame < frames; frame += 1) await flooding.nextError("unknown_image")
  const tookMs = performance.now() - startMs

  const leastMs = ((frames + 1 - framesBurstMax) * 1_000) / framesPerSecondMax
  assert.ok(tookMs >= leastMs * 0.9, `took ${tookMs} ms, wanted at least ${leastMs}`)
  assert.ok(untaken <= 2 * framesBurstMax, `${untaken} were answered before the client beside it`)
  assert.is(manager.inspect.sessions().length, 2)
  const lines = manager.logLines.filter(({ msg }) => /sends frames too fast/.test(String(msg)))
  assert.is(lines.length, 1)
  flooding.close()
  beside.close()
  await manager.close()
})

test.run()
