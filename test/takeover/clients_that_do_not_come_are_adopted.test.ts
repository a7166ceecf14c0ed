// Invariant 16.
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { type HostileClient, layoutEvents, startHostileClient } from "../harness/hostile_client.js"
import { type Manager, startManager } from "../harness/manager.js"
import { faultWaiters } from "../harness/observed_process.js"
import { patternBytes, patternFile } from "../harness/pattern.js"
import { retryUntil } from "../harness/retry.js"

const page = 4096
const regionBytes = 64 * page
const images = { image: patternFile(regionBytes, 3) }
const byteAt = (offset: number): number => patternBytes(3, offset, 8)[0] as number
const waitBudgetMs = 20_000

/** Speaks the protocol by itself, and never looks at its socket once it has mapped. */
async function startClient(manager: Manager, regions = 2): Promise<HostileClient> {
  const client = await startHostileClient(manager.socket)
  // Memory of its own that it serves by itself, with a userfaultfd that is none of ours.
  await client.order("arm", layoutEvents.none, regionBytes)
  await client.order("arm", layoutEvents.none, regions * regionBytes)
  await client.order("map", "image", regionBytes, regions, page)
  return client
}

const next = (manager: Manager): Promise<Manager> =>
  startManager({ images, directory: manager.paths.directory })

const isWaiting = (pid: number) =>
  retryUntil(`a fault of ${pid}`, waitBudgetMs, () => faultWaiters(pid).total > 0)

for (const end of ["kill", "stop"] as const) {
  test(`after a ${end} the next manager goes on, and so does the one after it`, async () => {
    const first = await startManager({ images })
    const client = await startClient(first)
    await client.order("read", 0)
    const { id } = await first.session(client.pid)

    await first[end]()
    const blocked = client.order("read", 5 * page)
    await isWaiting(client.pid)
    const second = await next(first)
    assert.is(await blocked, byteAt(5 * page))

    const session = await second.session(client.pid)
    assert.equal([session.adopted, session.resumed_from, session.regions], [true, id, 2])
    await second.kill()
    const again = client.order("read", regionBytes + 7 * page)
    await isWaiting(client.pid)
    const third = await next(second)
    assert.is(await again, byteAt(7 * page))

    await client.kill()
    await retryUntil("the session's end", waitBudgetMs, async () => {
      const sessions = await third.debug.get<unknown[]>("/v1/sessions")
      return sessions.length === 0
    })
    assert.equal(journalOf(third), [])
    await third.stop()
  })
}

const journalOf = ({ paths }: Manager): string[] =>
  readdirSync(join(paths.directory, "state")).filter((name) => name.startsWith("session-"))

test("a process that only has the number of a client is left alone", async () => {
  const first = await startManager({ images })
  const client = await startClient(first)
  await first.kill()
  const [file = ""] = journalOf(first)
  const path = join(first.paths.directory, "state", file)
  // As if another process had come to have the number.
  writeFileSync(path, readFileSync(path, "utf8").replace(/"identity":"\w+"/, '"identity":"i1"'))

  const second = await next(first)

  assert.equal(await second.debug.get("/v1/sessions"), [])
  assert.equal(journalOf(second), [])
  await client.kill()
  await second.stop()
})

test("a client that has come again by itself is served by that session alone", async () => {
  const first = await startManager({ images })
  const client = await startClient(first)
  await first.kill()
  const second = await next(first)
  const { id } = await second.session(client.pid)

  await client.order("connect", second.socket)
  await client.order("map_again", "image", regionBytes, 2, page)

  const sessions = await retryUntil("the adopted session's end", waitBudgetMs, async () => {
    const all = await second.debug.get<{ id: string; regions: number }[]>("/v1/sessions")
    return all.length === 1 && all
  })
  assert.is.not(sessions[0]?.id, id)
  assert.is(sessions[0]?.regions, 2)
  assert.is(await client.order("read", 9 * page), byteAt(9 * page))
  await client.kill()
  await second.stop()
})

test.run()
