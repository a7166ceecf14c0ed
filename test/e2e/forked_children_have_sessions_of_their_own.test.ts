import { test } from "uvu"
import * as assert from "uvu/assert"
import type { RegionView, SessionView } from "../../manager/view.js"
import type { HostileClient } from "../harness/hostile_client.js"
import { layoutFeatures, startLayoutClient } from "../harness/layout_client.js"
import { type Manager, startManager } from "../harness/manager.js"
import { patternFile } from "../harness/pattern.js"
import { retryUntil } from "../harness/retry.js"
import { nobody } from "../harness/user.js"

const page = 4096
const pages = 256
const seed = 17
let manager: Manager

test.before.each(async () => {
  manager = await startManager({ images: { image: patternFile(pages * page, seed) } })
})

test.after.each(() => manager.stop())

async function mapped(features: number): Promise<HostileClient> {
  const client = await startLayoutClient(manager.socket)
  await client.order("map", "image", pages, features)
  return client
}

const sessions = () => manager.debug.get<SessionView[]>("/v1/sessions")

async function expectSessions(ids: readonly string[]): Promise<SessionView[]> {
  return retryUntil(`sessions ${ids.join(", ")}`, 20_000, async () => {
    const found = await sessions()
    const isRight = found.map(({ id }) => id).join() === ids.join()
    return isRight && found.every(({ state }) => state === "active") && found
  })
}

/** What was there, what was written and discarded before, and what nobody had touched. */
async function expectMemory(client: HostileClient): Promise<void> {
  assert.is(await client.order("read", 5), 0x77)
  assert.is(await client.order("zero", 9, 1), -1)
  for (const [from, count] of [
    [0, 5],
    [6, 3],
    [10, pages - 10],
  ] as const) {
    assert.is(await client.order("verify", from, count, seed), -1)
  }
}

const rejectionOf = (answer: Promise<unknown>): Promise<string> =>
  answer.then(
    () => "it was accepted",
    (error: Error) => error.message,
  )

for (const [kind, features] of Object.entries({
  "with every layout event": layoutFeatures.all,
  "that hands over a raw userfaultfd": layoutFeatures.raw,
})) {
  test(`children of a client ${kind} are served, listed and forgotten`, async () => {
    const client = await mapped(features)
    await client.order("verify", 0, 20, seed)
    await client.order("write", 5, 0x77)
    await client.order("remove", 9, 1)

    await client.order("fork")
    const [parent, child] = await expectSessions(["s1", "s1.1"])
    await expectMemory(client)
    await client.order("fork")
    await expectSessions(["s1", "s1.1", "s1.1.1"])
    await expectMemory(client)

    assert.is(parent?.parent, null)
    assert.is(child?.parent, "s1")
    assert.is(child?.length_bytes, pages * page)
    assert.is(await client.order("exit"), 0)
    await expectSessions(["s1", "s1.1"])
    assert.is(await client.order("exit"), 0)
    await expectSessions(["s1"])
    await expectMemory(client)
    await client.kill()
    await expectSessions([])
  })
}

test("without fork events a raw userfaultfd is refused: children would read zeros", async () => {
  const images = { image: patternFile(pages * page, seed) }
  const confined = await startManager({ images, asUid: nobody })
  const client = await startLayoutClient(confined.socket)

  const refused = await rejectionOf(client.order("map", "image", pages, layoutFeatures.raw))

  assert.match(refused, /unsupported_features.*UFFDIO_API, which fails with EPERM here, wanted one/)
  await client.kill()
  await confined.stop()
})

test("a child outlives the client that forked it", async () => {
  const client = await mapped(layoutFeatures.all)
  const child = await client.order("fork")
  await expectSessions(["s1", "s1.1"])
  await client.kill()
  await expectSessions(["s1.1"])

  process.kill(child, "SIGKILL")

  await expectSessions([])
})

test("what a client moves and unmaps is shown where it is", async () => {
  const client = await mapped(layoutFeatures.all)
  const regions = () => manager.debug.get<RegionView[]>("/v1/regions")
  const [before] = await regions()

  await client.order("move", 0, pages, 16)
  assert.is(await client.order("verify", 0, pages, seed), -1)
  assert.is(await client.order("zero", pages, 16), -1)
  await retryUntil("its new address", 10_000, async () => {
    return (await regions())[0]?.address !== before?.address
  })
  await client.order("unmap", 100, 20)
  assert.is(await client.order("verify", 0, 100, seed), -1)
  assert.is(await client.order("verify", 120, pages - 120, seed), -1)
  await client.order("unmap", 0, 100)
  await client.order("unmap", 120, pages + 16 - 120)

  await retryUntil("the region's end", 10_000, async () => (await regions()).length === 0)
  await client.kill()
})

test.run()
