import { execFileSync } from "node:child_process"
import { closeSync, openSync } from "node:fs"
import { join } from "node:path"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { loadNative } from "../../manager/engine/load.js"
import { listenForClients } from "../../manager/sockets/listen.js"
import type { SocketModule } from "../../manager/sockets/native.js"
import { withClock } from "../harness/clock.js"
import { CollectedLog } from "../harness/collected_log.js"
import { type Manager, startManager } from "../harness/manager.js"
import { descriptorCount, descriptorTargets } from "../harness/observed_process.js"
import { patternFile } from "../harness/pattern.js"
import { retryUntil } from "../harness/retry.js"
import { scratchDirectory } from "../harness/scratch.js"
import { RawClient } from "./raw_client.js"

/** Lets the manager have so many descriptors more than it has, and no more. */
function limitDescriptors(manager: Manager, more: number): void {
  const used = new Set(descriptorTargets(manager.pid).map(({ descriptor }) => descriptor))
  let free = 0
  let limit = 0
  for (; free < more || used.has(limit); limit += 1) free += used.has(limit) ? 0 : 1
  execFileSync("prlimit", ["--pid", String(manager.pid), `--nofile=${limit}:`])
}

async function greeted(manager: Manager): Promise<RawClient> {
  const client = new RawClient(manager.socket)
  await client.greet()
  return client
}

async function isAnswered(client: RawClient): Promise<void> {
  client.request({ type: "image", image: "none" })
  await client.nextError("unknown_image")
}

test("newcomers wait, descriptors that have no room are refused, and both pass", async () => {
  const manager = await startManager()
  const early = await greeted(manager)
  limitDescriptors(manager, 0)

  const file = openSync(patternFile(4096, 1), "r")
  const request = early.request({ type: "publish", image: "x" }, [file])
  assert.match(await early.nextError("busy", request), /no room for the descriptors that came with/)
  const late = new RawClient(manager.socket)
  late.send({ type: "hello", version: 1, client: "raw", want_device: false })
  await retryUntil("a line in the log", 5_000, () => manager.stderr.includes("cannot accept"))
  await isAnswered(early)
  assert.is(late.untaken, 0)

  limitDescriptors(manager, 100)
  await late.next("welcome")
  early.request({ type: "publish", image: "x" }, [file])
  await early.next("published")

  closeSync(file)
  early.close()
  late.close()
  await manager.stop()
})

test("that newcomers wait is said once in ten seconds, however often it is tried", () => {
  const { log, lines } = new CollectedLog()
  let fail = (_: string): void => {}
  class SocketListener {
    constructor(...[, , , onFailure]: ConstructorParameters<SocketModule["SocketListener"]>) {
      fail = onFailure
    }
    resume(): void {}
    close(): void {}
  }
  const native = { ...loadNative(), SocketListener }
  const path = join(scratchDirectory(), "pagerd.sock")
  const listener = listenForClients({ path, mode: 0o600, native, log, onConnection: () => {} })

  withClock((pass) => {
    for (let tries = 0; tries < 40; tries += 1) fail("EMFILE")
    assert.is(lines.length, 1)
    pass(10_000)
    fail("EMFILE")
  })

  assert.equal([lines.length, lines[1]?.lines_withheld], [2, 39])
  listener.close()
})

test("one descriptor too few at every stage: always an answer, and nothing is lost", async () => {
  const manager = await startManager()
  const client = await greeted(manager)
  const before = descriptorCount(manager.pid)
  const file = openSync(patternFile(4096, 1), "r")

  for (let more = 0; more < 8; more += 1) {
    limitDescriptors(manager, more)
    client.request({ type: "publish", image: `x${more}` }, [file])
    const answer = await client.nextOfAny()
    const isRight = answer.type === "published" || answer.type === "error"
    assert.ok(
      isRight,
      JSON.stringify(answer, (_, value) => String(value)),
    )
    await isAnswered(client)
  }

  limitDescriptors(manager, 100)
  client.close()
  await retryUntil("the descriptors of before", 5_000, () => {
    return descriptorCount(manager.pid) < before
  })
  closeSync(file)
  await manager.stop()
})

test.run()
