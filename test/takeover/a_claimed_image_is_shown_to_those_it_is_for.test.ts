import { closeSync, openSync } from "node:fs"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { GatedSource } from "../harness/gated_source.js"
import { patternFile } from "../harness/pattern.js"
import { retryUntil } from "../harness/retry.js"
import { scratchDirectory } from "../harness/scratch.js"
import { skipLoudly } from "../harness/skip.js"
import { isRoot, nobody } from "../harness/user.js"
import { RawClient } from "../manager/raw_client.js"
import { type Serving, serveInTest } from "../manager/serving.js"
import { identityOf, ResumingClient } from "./resuming.js"

const page = 4096
const stranger = { uid: 7 }
const strangersId = 4_000_000
const config = { resumeWaitMs: 400 }

/**
 * Claims it and wants its page, and tells what came of that. A key is no secret: it is made of what
 * stat() says of a file.
 */
async function bytesFor(manager: Serving, claim: Parameters<ResumingClient["claim"]>[0]) {
  const client = new ResumingClient(manager.socket, stranger)
  await client.raw.greet()
  client.claim(claim)
  const mapped = await client.raw.nextOfAny()
  if (mapped.type !== "mapped") return `${mapped.type}`
  const prefault = { type: "prefault", region: mapped.region, offset_bytes: 0, length_bytes: page }
  client.raw.request(prefault)
  const answer = await client.raw.nextOfAny()
  client.close()
  return answer.type === "prefaulted" ? "its bytes" : "nothing"
}

for (const [how, id] of [
  ["by its number and key", 0],
  ["by its name and key", strangersId],
] as const) {
  test(`an image for others, ${how}`, async () => {
    if (!isRoot) return skipLoudly("root", "several users are needed")
    const secret = { source: patternFile(4 * page, 1), allowUids: [nobody] }
    const manager = await serveInTest({ images: { secret }, config })
    const owner = new RawClient(manager.socket)
    await owner.greet()
    const identity = await identityOf(owner, "secret")

    const got = await bytesFor(manager, { ...identity, imageId: id || identity.imageId })

    assert.is(got, "nothing")
    owner.close()
    await manager.close()
  })
}

test("what another user has published", async () => {
  if (!isRoot) return skipLoudly("root", "several users are needed")
  const manager = await serveInTest({ config })
  const publisher = new RawClient(manager.socket)
  await publisher.greet()
  const file = openSync(patternFile(4 * page, 1), "r")
  publisher.request({ type: "publish", image: "secret" }, [file])
  closeSync(file)
  await publisher.next("published")
  const identity = await identityOf(publisher, "u0/secret")

  const ids = [identity.imageId, strangersId]
  const got = ids.map((imageId) => bytesFor(manager, { ...identity, imageId }))

  assert.equal(await Promise.all(got), ["nothing", "nothing"])
  publisher.close()
  await manager.close()
})

test("one that comes only after it was claimed", async () => {
  if (!isRoot) return skipLoudly("root", "several users are needed")
  const manager = await serveInTest({ config: { resumeWaitMs: 1_000 } })
  const source = { source: patternFile(4 * page, 1), allowUids: [nobody] }
  await manager.inspect.addImage("secret", source.source, source)
  const owner = new RawClient(manager.socket)
  await owner.greet()
  const identity = await identityOf(owner, "secret")
  manager.inspect.removeImage("secret")

  const got = bytesFor(manager, { ...identity, imageId: strangersId })
  await retryUntil("a claim", 5_000, () =>
    manager.inspect.sessions().some(({ regions }) => regions > 0),
  )
  await manager.inspect.addImage("secret", source.source, source)

  assert.is(await got, "nothing")
  owner.close()
  await manager.close()
})

test("one that the manager before showed to all, and this one does not", async () => {
  if (!isRoot) return skipLoudly("root", "several users are needed")
  const stateDir = scratchDirectory()
  const source = patternFile(4 * page, 1)
  const first = await serveInTest({ images: { model: source }, config, stateDir })
  const client = new RawClient(first.socket)
  await client.greet()
  const identity = await identityOf(client, "model")
  client.close()
  await first.close()

  const images = { model: { source, allowUids: [nobody] } }
  const second = await serveInTest({ images, config, stateDir })

  assert.is(await bytesFor(second, identity), "nothing")
  await second.close()
})

test("and whoever may see it goes on", async () => {
  if (!isRoot) return skipLoudly("root", "several users are needed")
  const source = new GatedSource(4 * page, 1)
  source.open()
  const images = { model: { source, allowUids: [stranger.uid] } }
  const manager = await serveInTest({ images, config })
  const owner = new RawClient(manager.socket)
  await owner.greet()
  const identity = await identityOf(owner, "model")

  assert.is(await bytesFor(manager, identity), "its bytes")
  assert.is(await bytesFor(manager, { ...identity, imageId: strangersId }), "its bytes")

  owner.close()
  await manager.close()
})

test.run()
