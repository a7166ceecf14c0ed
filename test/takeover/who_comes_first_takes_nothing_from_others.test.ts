// Invariant 16.
import { test } from "uvu"
import * as assert from "uvu/assert"
import { startCClient } from "../harness/c_client.js"
import { startManager } from "../harness/manager.js"
import { patternFile } from "../harness/pattern.js"
import { retryUntil } from "../harness/retry.js"
import { identityOf, ResumingClient } from "./resuming.js"

const page = 4096
const pages = 64
const seed = 3

test("an image that only the manager before had, claimed and left at once", async () => {
  const first = await startManager({ images: { model: patternFile(pages * page, seed) } })
  const client = await startCClient(first.socket)
  const region = await client.map("model", { mode: "copy", windowBytes: page })
  await client.touch(region, 0, page)
  const seen = new ResumingClient(first.socket)
  await seen.raw.greet()
  const model = await identityOf(seen.raw, "model")
  seen.close()
  await first.kill()
  process.kill(client.pid, "SIGSTOP")

  const second = await startManager({ directory: first.paths.directory })
  const hasty = new ResumingClient(second.socket)
  await hasty.raw.greet()
  hasty.claim(model)
  await hasty.raw.next("mapped")
  hasty.close()
  await retryUntil("no session", 5_000, async () => {
    return (await second.debug.get<unknown[]>("/v1/sessions")).length === 0
  })
  process.kill(client.pid, "SIGCONT")

  await second.session(client.pid)
  assert.is(await client.verify(region, seed, 0, pages * page), -1)
  await client.stop()
  await second.stop()
})

test.run()
