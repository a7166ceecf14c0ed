// Invariant 9.
import { truncateSync } from "node:fs"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { startHostileClient } from "../harness/hostile_client.js"
import { patternFile } from "../harness/pattern.js"
import { retryUntil } from "../harness/retry.js"
import { RawClient } from "./raw_client.js"
import { serveInTest } from "./serving.js"

const page = 4096
const pages = 64
const framesQueuedMax = 32
const threads = 4
/** Less than the half of the queue that is theirs. */
const answers = framesQueuedMax / 4
/** Far more than a socket holds, and than may wait beside it. */
const poisonedMin = 5_000

test("a client that reads none of its notices has its answers all the same", async () => {
  const lost = patternFile(pages * page, 3)
  const manager = await serveInTest({ images: { lost }, config: { limits: { framesQueuedMax } } })
  const client = await startHostileClient(manager.socket)
  await client.order("arm", 0, pages * page)
  await client.order("map", "lost", pages * page, 1, page)
  truncateSync(lost, 0)

  await client.order("flood_failures", threads)
  await retryUntil("poisoned pages without end", 30_000, () => {
    const { pages_poisoned, sessions } = manager.inspect.stats()
    return pages_poisoned > poisonedMin || sessions === 0
  })
  assert.is(manager.inspect.sessions().length, 1, "nobody ends for advice")

  await client.order("ask", "lost", answers)
  // Who comes after those questions is answered: so they are, too, with nothing read.
  const beside = new RawClient(manager.socket)
  await beside.greet()
  beside.request({ type: "image", image: "lost" })
  await beside.next("image_found")

  assert.is(manager.inspect.sessions().length, 2)
  await client.order("read_frames", "image_found", answers)
  beside.close()
  await client.kill()
  await manager.close()
})

test.run()
