// Invariant 10.
import { test } from "uvu"
import * as assert from "uvu/assert"
import type { StatsView } from "../../manager/view.js"
import { type CClient, startCClient } from "../harness/c_client.js"
import { GatedSource } from "../harness/gated_source.js"
import { type HostileClient, layoutEvents, startHostileClient } from "../harness/hostile_client.js"
import { type Manager, startManager } from "../harness/manager.js"
import { faultWaiters } from "../harness/observed_process.js"
import { patternBytes, patternFile } from "../harness/pattern.js"
import { retryUntil, within } from "../harness/retry.js"
import { skipLoudly } from "../harness/skip.js"
import { serveSources } from "../harness/source_manager.js"
import {
  leaveMountNamespace,
  type StallingFileSystem,
  startStallingFileSystem,
} from "../harness/stalling_file_system.js"
import { isRoot, nobody } from "../harness/user.js"

const page = 4096
const pages = 64
const seed = 31
/** More than there are threads that serve faults and read files. */
const faultsOfEach = 16
/** More than there could be threads in the end, were each allowed to hold up some. */
const hostileClients = 40
/** Of one user: native/engine/limits.hpp has it. */
const heldMax = 8
/** Whose sessions end while threads wait for them: that too is a fault thread's work. */
const hungUp = 4
const rounds = 5
const canMount = isRoot && leaveMountNamespace()

/** Its page faults come all the same; whoever installs pages waits for its lock. */
async function startHolding(socket: string, events: number, trap: StallingFileSystem) {
  const client = await startHostileClient(socket, nobody)
  await client.order("arm", events, pages * page)
  await client.order("map", "image", pages * page, 1, page)
  await client.order("prepare_touches", faultsOfEach)
  await client.order("read_aside", trap.file)
  await trap.untilRead()
  await client.order("map_aside", trap.file)
  return client
}

async function assertServed(client: CClient, region: number): Promise<void> {
  await within("dropping pages", 5_000, client.advise(region, 0, pages * page, "dontNeed"))
  const verified = client.verify(region, seed, 0, pages * page)
  assert.is(await within("touches", 5_000, verified), -1)
}

async function wakeups(manager: Manager): Promise<number> {
  const { threads } = await manager.debug.get<StatsView>("/v1/stats")
  return threads.reduce((sum, thread) => sum + thread.wakeups, 0)
}

async function threadsHeld(manager: Manager): Promise<number> {
  return (await manager.debug.get<StatsView>("/v1/stats")).threads_held
}

test("a page that one of them waits for comes to others", async () => {
  if (!canMount) {
    skipLoudly(isRoot ? "machine" : "root", "a file system must be mounted")
    return
  }
  const trap = await startStallingFileSystem()
  const source = new GatedSource(pages * page, seed)
  const manager = await serveSources({ image: source })
  const quiet = await startCClient(manager.socket)
  const region = await quiet.map("image", { windowBytes: page, mode: "copy" })
  const hostile = await startHolding(manager.socket, layoutEvents.none, trap)

  await hostile.order("tell_touches", 1)
  const read = await source.nextRead()
  const { byte } = await quiet.parkFault(region, read.offset)
  await retryUntil("a fault that was read", 5_000, () => faultWaiters(quiet.pid).pending === 0)
  read.release()

  assert.is(await within("the page", 5_000, byte), patternBytes(seed, read.offset, 1)[0])
  await trap.end()
  await hostile.process.kill()
  source.open()
  await quiet.stop()
  await manager.stop()
})

test("others' faults, prefaults and maps go on, and its own once it lets go", async () => {
  if (!canMount) {
    skipLoudly(isRoot ? "machine" : "root", "a file system must be mounted")
    return
  }
  const trap = await startStallingFileSystem()
  const manager = await startManager({ images: { image: patternFile(pages * page, seed) } })
  const quiet = await startCClient(manager.socket)
  const region = await quiet.map("image", { windowBytes: page, mode: "copy" })
  const ofSameUser = await startCClient(manager.socket, nobody)
  const its = await ofSameUser.map("image", { windowBytes: page, mode: "copy" })
  const kinds = [layoutEvents.none, layoutEvents.remove]
  const hostile: HostileClient[] = []
  for (let i = 0; i < hostileClients; i += 1) {
    hostile.push(await startHolding(manager.socket, kinds[i % 2] ?? 0, trap))
  }

  await hostile[0]?.order("tell_touches", faultsOfEach)
  await retryUntil("a thread held", 5_000, async () => (await threadsHeld(manager)) > 0)
  await assertServed(ofSameUser, its)
  for (const client of hostile.slice(1)) await client.order("tell_touches", faultsOfEach)
  for (const client of hostile.slice(0, hungUp)) await client.order("hang_up")
  const before = await wakeups(manager)
  for (let round = 0; round < rounds; round += 1) await assertServed(quiet, region)
  const later = await startCClient(manager.socket)
  const second = await within("a map", 5_000, later.map("image", { mode: "copy" }))
  await within("a prefault", 5_000, later.prefault(second, 0, pages * page))
  assert.is(await later.verify(second, seed, 0, pages * page), -1)
  const held = await threadsHeld(manager)
  const spent = (await wakeups(manager)) - before

  await trap.end()
  for (const client of hostile.slice(hungUp)) {
    const last = (faultsOfEach - 1) * page
    const byte = await within("its own page", 20_000, client.order("read", last))
    assert.is(byte, patternBytes(seed, last, 1)[0])
  }
  assert.ok(held < 2 * heldMax, `${held} threads were held`)
  const faults = rounds * pages
  assert.ok(spent < 4 * faults, `${spent} wake-ups for ${faults} faults`)
  await retryUntil("no thread held", 5_000, async () => (await threadsHeld(manager)) === 0)
  await assertServed(ofSameUser, its)
  for (const { process } of hostile) await process.kill()
  await retryUntil("three sessions", 10_000, async () => {
    return (await manager.debug.get<unknown[]>("/v1/sessions")).length === 3
  })
  for (const client of [quiet, later, ofSameUser]) await client.stop()
  await manager.stop()
})

test.run()
