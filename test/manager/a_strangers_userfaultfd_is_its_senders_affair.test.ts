import { closeSync } from "node:fs"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { GatedSource } from "../harness/gated_source.js"
import { type HostileClient, startHostileClient } from "../harness/hostile_client.js"
import { patternBytes, patternFile } from "../harness/pattern.js"
import { retryUntil, within } from "../harness/retry.js"
import { skipLoudly } from "../harness/skip.js"
import { isRoot } from "../harness/user.js"
import { descriptorOf } from "./other_processes.js"
import { RawClient } from "./raw_client.js"
import { type Serving, serveInTest } from "./serving.js"

const page = 4096
const pages = 8
const seed = 5
let manager: Serving

test.before(async () => {
  const limits = { regionsPerSessionMax: 1, regionsPerUidMax: 2 }
  const images = { image: patternFile(pages * page, seed) }
  manager = await serveInTest({ images, config: { limits } })
})

test.after(() => manager.close())

/** A process whose userfaultfd others may have; it has no session with it. */
async function startOwner(socket: string) {
  const stranger = await startHostileClient(socket)
  await stranger.order("arm", 0, pages * page)
  const number = await stranger.order("userfault_number")
  return { stranger, number, address: await stranger.order("address") }
}

/** The same, with what this process has got of it. */
async function startStranger() {
  const { stranger, number, address } = await startOwner(manager.socket)
  const userfaultfd = descriptorOf(stranger.pid, number)
  return { stranger, address: BigInt(address), userfaultfd }
}

const mapOf = (address: bigint, at: number, count: number) => ({
  type: "map",
  image: "image",
  mode: "copy",
  address: address + BigInt(at * page),
  length_bytes: count * page,
  offset_bytes: 0,
  window_bytes: page,
})

const readsRightly = async (stranger: HostileClient, at: number) =>
  assert.is(await stranger.order("read", at * page), patternBytes(seed, at * page, 1)[0])

test("it is served, and counts as the sender's in every way", async () => {
  if (!isRoot) {
    skipLoudly("root", "one process must get another's descriptor")
    return
  }
  const { stranger, address, userfaultfd } = await startStranger()
  const sender = new RawClient(manager.socket)
  await sender.greet()

  sender.request(mapOf(address, 0, 4), [userfaultfd])
  await sender.next("mapped")
  await readsRightly(stranger, 0)
  sender.request(mapOf(address, 4, 4))
  const sentence = await sender.nextError("too_many_regions")

  assert.match(sentence, /this session has 1 regions/)
  const view = manager.inspect.sessions().find(({ regions }) => regions === 1)
  assert.is(view?.pid, process.pid)
  sender.close()
  closeSync(userfaultfd)
  await retryUntil("its end", 5_000, () => manager.inspect.sessions().length === 1)
  await stranger.kill()
})

test("its owner's death ends no session, and leaves nothing when that ends", async () => {
  if (!isRoot) {
    skipLoudly("root", "one process must get another's descriptor")
    return
  }
  const { stranger, address, userfaultfd } = await startStranger()
  const sender = new RawClient(manager.socket)
  await sender.greet()
  sender.request(mapOf(address, 0, pages), [userfaultfd])
  const { region } = await sender.next("mapped")

  await within("its death", 10_000, stranger.kill())
  sender.request({ type: "prefault", region, offset_bytes: 0, length_bytes: 0 })
  const answer = await sender.nextOfAny()
  sender.request({ type: "unmap", region })
  await sender.next("unmapped")

  assert.is(answer.type, "error")
  sender.close()
  closeSync(userfaultfd)
  await retryUntil("no session", 5_000, () => manager.inspect.sessions().length === 0)
})

test("one that two sessions have is served until the last of them ends", async () => {
  if (!isRoot) {
    skipLoudly("root", "one process must get another's descriptor")
    return
  }
  const { stranger, address, userfaultfd } = await startStranger()
  const senders = [new RawClient(manager.socket), new RawClient(manager.socket)]
  for (const sender of senders) {
    await sender.greet()
    sender.request(mapOf(address, 0, pages), [userfaultfd])
    await sender.next("mapped")
  }
  await readsRightly(stranger, 0)

  senders[0]?.close()
  await retryUntil("its end", 5_000, () => manager.inspect.sessions().length === 2)

  for (let at = 1; at < pages; at += 1) await readsRightly(stranger, at)
  senders[1]?.close()
  closeSync(userfaultfd)
  await stranger.kill()
  await retryUntil("no session", 5_000, () => manager.inspect.sessions().length === 0)
})

test("its sender is killed for a fault that is stuck, and not its owner", async () => {
  if (!isRoot) {
    skipLoudly("root", "one process must get another's descriptor")
    return
  }
  const patience = { roundMs: 20, faultAgeMs: 50, limitMs: 300 }
  const config = { watchdog: { ...patience, policy: "kill" as const } }
  const images = { hanging: new GatedSource(pages * page, seed), image: patternFile(page, seed) }
  const watched = await serveInTest({ images, config })
  const { stranger, number, address } = await startOwner(watched.socket)
  const sender = await startHostileClient(watched.socket)
  await sender.order("borrow", stranger.pid, number, address, pages * page)
  await sender.order("map", "hanging", page, 1, page)

  await stranger.order("touch_aside", 0)
  const { signal } = await sender.process.ended()
  await retryUntil("its session's end", 5_000, () => watched.inspect.sessions().length === 1)

  assert.is(signal, "SIGKILL")
  assert.is(stranger.process.child.exitCode, null)
  assert.is(stranger.process.child.signalCode, null)
  // Its fault waits as before, and is the next one's to serve.
  await stranger.order("map", "image", page, 1, page)
  await readsRightly(stranger, 0)
  assert.is(watched.inspect.stats().watchdog.clients_killed, 1)
  const told = watched.logLines.find(({ msg }) => String(msg).startsWith("killed a client"))
  assert.is(told?.pid, sender.pid)
  await stranger.kill()
  await watched.close()
})

test.run()
