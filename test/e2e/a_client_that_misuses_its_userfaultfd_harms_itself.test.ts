// Invariant 10.
import { test } from "uvu"
import * as assert from "uvu/assert"
import type { SessionView, StatsView } from "../../manager/view.js"
import { startCClient } from "../harness/c_client.js"
import { type HostileClient, startHostileClient } from "../harness/hostile_client.js"
import { type Manager, startManager } from "../harness/manager.js"
import { patternFile } from "../harness/pattern.js"
import { retryUntil, within } from "../harness/retry.js"
import { isRoot, nobody } from "../harness/user.js"

const page = 4096
const pages = 64
const seed = 61
const users = isRoot ? [0, nobody] : [undefined]
let manager: Manager

test.before(async () => {
  manager = await startManager({ images: { image: patternFile(pages * page, seed) } })
})

test.after(() => manager.stop())

async function mapped(uid: number | undefined): Promise<HostileClient> {
  const hostile = await startHostileClient(manager.socket, uid)
  await hostile.order("arm", 0, pages * page)
  await hostile.order("map", "image", pages * page, 1)
  return hostile
}

/** A client that comes now gets every byte, and few wake-ups are spent on it. */
async function othersAreServed(): Promise<void> {
  const wakeups = async () => {
    const { threads } = await manager.debug.get<StatsView>("/v1/stats")
    return threads.reduce((sum, thread) => sum + thread.wakeups, 0)
  }
  const before = await wakeups()
  const client = await startCClient(manager.socket)
  const region = await client.map("image", { mode: "copy", windowBytes: page })
  assert.is(await client.verify(region, seed, 0, pages * page), -1)
  await client.stop()
  const spent = (await wakeups()) - before
  assert.ok(spent < 20 * pages, `${spent} wake-ups for ${pages} faults`)
}

const sessionOf = async (pid: number): Promise<SessionView | undefined> => {
  const sessions = await manager.debug.get<SessionView[]>("/v1/sessions")
  return sessions.find((session) => session.pid === pid)
}

for (const uid of users) {
  test(`clearing O_NONBLOCK ends the session, of user ${uid}`, async () => {
    const hostile = await mapped(uid)
    await hostile.order("clear_nonblock")
    await hostile.order("touch_aside", 0)

    await retryUntil("the session's end", 10_000, async () => {
      return (await sessionOf(hostile.pid)) === undefined
    })

    assert.match(manager.stderr, /polling it gives an error: is O_NONBLOCK cleared\?/)
    await othersAreServed()
    await hostile.kill()
  })

  test(`whoever steals events of their own misses them alone, user ${uid}`, async () => {
    const hostile = await mapped(uid)
    await hostile.order("steal", 4)
    for (let at = 0; at < pages; at += 1) await hostile.order("touch_aside", at * page)

    await othersAreServed()

    assert.is((await sessionOf(hostile.pid))?.state, "active")
    await within("its death", 10_000, hostile.kill())
    await retryUntil("the session's end", 10_000, async () => {
      return (await sessionOf(hostile.pid)) === undefined
    })
  })
}

test.run()
