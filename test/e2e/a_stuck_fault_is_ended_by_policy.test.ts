import { test } from "uvu"
import * as assert from "uvu/assert"
import type { SessionView, StatsView } from "../../manager/view.js"
import { startCClient } from "../harness/c_client.js"
import { CollectedLog } from "../harness/collected_log.js"
import { GatedSource } from "../harness/gated_source.js"
import { patternBytes } from "../harness/pattern.js"
import { retryUntil } from "../harness/retry.js"
import { serveSources } from "../harness/source_manager.js"

const page = 4096
const patience = { roundMs: 20, faultAgeMs: 50, limitMs: 300 }

for (const [policy, signal] of [
  ["poison", "SIGBUS"],
  ["kill", "SIGKILL"],
] as const) {
  test(`with policy ${policy} its client gets ${signal}, and nobody else anything`, async () => {
    const hanging = new GatedSource(64 * page, 161)
    const prompt = new GatedSource(64 * page, 162)
    prompt.open()
    const log = new CollectedLog()
    const settings = { watchdog: { ...patience, policy } }
    const manager = await serveSources({ hanging, prompt }, settings, log.log)
    const victim = await startCClient(manager.socket)
    const witness = await startCClient(manager.socket)
    const region = await victim.map("hanging", { mode: "copy" })
    await victim.map("prompt", { mode: "copy" })
    const seen = await witness.map("prompt", { mode: "copy" })

    const fault = await victim.parkFault(region, 5 * page)

    assert.is(await fault.byte.then(String, () => "died"), "died")
    assert.is((await victim.ended()).signal, signal)
    for (const at of [0, 63 * page]) {
      const byte = await await witness.readByte(seen, at)
      assert.is(byte, patternBytes(162, at, 1)[0])
    }
    const left = await retryUntil("the victim's session's end", 5_000, async () => {
      const sessions = await manager.debug.get<SessionView[]>("/v1/sessions")
      return sessions.length === 1 && sessions
    })
    assert.is(left[0]?.pid, witness.pid)
    assert.is(left[0]?.pages_poisoned, 0)

    const { watchdog } = await manager.debug.get<StatsView>("/v1/stats")
    assert.is(watchdog.clients_killed, policy === "kill" ? 1 : 0)
    assert.is(watchdog.given_up > 0, policy === "poison")
    assert.is(watchdog.faults_forgotten, 0)
    const told = log.about(policy === "kill" ? "killed a client" : "poisoned a page")
    assert.is(told[0]?.pid, victim.pid)
    hanging.open()
    await witness.stop()
    await manager.stop()
  })
}

test("with policy log it waits, however long, and then gets its byte", async () => {
  const source = new GatedSource(64 * page, 163)
  const log = new CollectedLog()
  const settings = { watchdog: { ...patience, limitMs: 60, policy: "log" as const } }
  const manager = await serveSources({ source }, settings, log.log)
  const client = await startCClient(manager.socket)
  const region = await client.map("source", { mode: "copy" })

  const fault = await client.parkFault(region, 0)
  await retryUntil("a fault told of again and again", 10_000, () => {
    return log.about("a fault is stuck").length >= 3
  })
  source.open()

  assert.is(await fault.byte, patternBytes(163, 0, 1)[0])
  await client.stop()
  await manager.stop()
})

test.run()
