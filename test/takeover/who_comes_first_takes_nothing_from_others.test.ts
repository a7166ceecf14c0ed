// Invariant 16.
import { readFileSync, unlinkSync } from "node:fs"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { startCClient } from "../harness/c_client.js"
import { type Manager, startManager } from "../harness/manager.js"
import { patternFile } from "../harness/pattern.js"
import { retryUntil } from "../harness/retry.js"
import { identityOf, ResumingClient } from "./resuming.js"

const page = 4096
const pages = 64
const seed = 3

const noSession = (manager: Manager) =>
  retryUntil("no session", 5_000, async () => {
    return (await manager.debug.get<unknown[]>("/v1/sessions")).length === 0
  })

/** An engine maps the memory of each image that it has. */
const hasImages = ({ pid }: Manager): boolean =>
  readFileSync(`/proc/${pid}/maps`, "latin1").includes("/memfd:pagerd-image")

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
  await noSession(second)
  assert.ok(hasImages(second), "it is not opened anew for each who comes")
  process.kill(client.pid, "SIGCONT")

  await second.session(client.pid)
  assert.is(await client.verify(region, seed, 0, pages * page), -1)
  await client.stop()
  await second.stop()
})

test("pages that only the one who came first still had, whose file is gone", async () => {
  const path = patternFile(pages * page, seed)
  const first = await startManager({ images: { model: path } })
  const sharer = await startCClient(first.socket)
  const shared = await sharer.map("model", { mode: "share" })
  assert.is(await sharer.verify(shared, seed, 0, pages * page), -1)
  const copier = await startCClient(first.socket)
  const copied = await copier.map("model", { mode: "copy", windowBytes: page })
  await first.kill()
  process.kill(copier.pid, "SIGSTOP")
  unlinkSync(path)

  const second = await startManager({ directory: first.paths.directory })
  await second.sessionOf(sharer.pid, 1)
  await sharer.kill()
  await noSession(second)
  process.kill(copier.pid, "SIGCONT")

  await second.session(copier.pid)
  assert.is(await copier.verify(copied, seed, 0, pages * page), -1)
  await copier.stop()
  await second.stop()
})

test("an image that this manager has let go again, to who shares its pages", async () => {
  const config = "resume_wait_ms = 1000\n"
  const first = await startManager({ images: { model: patternFile(pages * page, seed) }, config })
  const client = await startCClient(first.socket)
  const region = await client.map("model", { mode: "share", windowBytes: page })
  await client.touch(region, 0, page)
  const seen = new ResumingClient(first.socket)
  await seen.raw.greet()
  const model = await identityOf(seen.raw, "model")
  seen.close()
  await first.kill()
  process.kill(client.pid, "SIGSTOP")

  const second = await startManager({ directory: first.paths.directory, config })
  const hasty = new ResumingClient(second.socket)
  await hasty.raw.greet()
  hasty.claim(model)
  await hasty.raw.next("mapped")
  assert.ok(hasImages(second))
  hasty.close()
  await retryUntil("no image", 20_000, () => !hasImages(second))
  process.kill(client.pid, "SIGCONT")

  await second.session(client.pid)
  assert.is(await client.verify(region, seed, 0, pages * page), -1)
  await client.stop()
  await second.stop()
})

test.run()
