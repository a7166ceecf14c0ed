// Invariant 16.
import { readFileSync, unlinkSync } from "node:fs"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { type CClient, startCClient } from "../harness/c_client.js"
import { type Manager, startManager } from "../harness/manager.js"
import { patternFile } from "../harness/pattern.js"
import { retryUntil } from "../harness/retry.js"
import { type Claim, identityOf, ResumingClient } from "./resuming.js"

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

/** What the image "model" is for whoever may see it there. */
async function modelOf({ socket }: Manager): Promise<Claim> {
  const seen = new ResumingClient(socket)
  await seen.raw.greet()
  const model = await identityOf(seen.raw, "model")
  seen.close()
  return model
}

/** Someone has come, and has been given what it claims. */
async function claimed({ socket }: Manager, claim: Claim): Promise<ResumingClient> {
  const hasty = new ResumingClient(socket)
  await hasty.raw.greet()
  hasty.claim(claim)
  await hasty.raw.next("mapped")
  return hasty
}

/** The manager dies, and this client does not come to the next one before it may. */
async function killHoldingBack(client: CClient, manager: Manager): Promise<void> {
  await manager.kill()
  process.kill(client.pid, "SIGSTOP")
}

/** It may come now, and finds the image under its region. */
async function readsOn(client: CClient, region: number, manager: Manager): Promise<void> {
  process.kill(client.pid, "SIGCONT")
  await manager.session(client.pid)
  assert.is(await client.verify(region, seed, 0, pages * page), -1)
  await client.stop()
  await manager.stop()
}

test("an image that only the manager before had, claimed and left at once", async () => {
  const first = await startManager({ images: { model: patternFile(pages * page, seed) } })
  const client = await startCClient(first.socket)
  const region = await client.map("model", { mode: "copy", windowBytes: page })
  await client.touch(region, 0, page)
  const model = await modelOf(first)
  await killHoldingBack(client, first)

  const second = await startManager({ directory: first.paths.directory })
  const hasty = await claimed(second, model)
  hasty.close()
  await noSession(second)
  assert.ok(hasImages(second), "it is not opened anew for each who comes")

  await readsOn(client, region, second)
})

test("pages that only the one who came first still had, whose file is gone", async () => {
  const path = patternFile(pages * page, seed)
  const first = await startManager({ images: { model: path } })
  const sharer = await startCClient(first.socket)
  const shared = await sharer.map("model", { mode: "share" })
  assert.is(await sharer.verify(shared, seed, 0, pages * page), -1)
  const copier = await startCClient(first.socket)
  const copied = await copier.map("model", { mode: "copy", windowBytes: page })
  await killHoldingBack(copier, first)
  unlinkSync(path)

  const second = await startManager({ directory: first.paths.directory })
  await second.sessionOf(sharer.pid, 1)
  await sharer.kill()
  await noSession(second)

  await readsOn(copier, copied, second)
})

test("an image that this manager has let go again, to who shares its pages", async () => {
  const config = "resume_wait_ms = 1000\n"
  const first = await startManager({ images: { model: patternFile(pages * page, seed) }, config })
  const client = await startCClient(first.socket)
  const region = await client.map("model", { mode: "share", windowBytes: page })
  await client.touch(region, 0, page)
  const model = await modelOf(first)
  await killHoldingBack(client, first)

  const second = await startManager({ directory: first.paths.directory, config })
  const hasty = await claimed(second, model)
  assert.ok(hasImages(second))
  hasty.close()
  await retryUntil("no image", 20_000, () => !hasImages(second))

  await readsOn(client, region, second)
})

test.run()
