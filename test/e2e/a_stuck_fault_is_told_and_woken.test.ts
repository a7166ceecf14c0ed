import { test } from "uvu"
import * as assert from "uvu/assert"
import type { RegionView, SessionDetailView, SessionView } from "../../manager/view.js"
import { startCClient } from "../harness/c_client.js"
import { CollectedLog } from "../harness/collected_log.js"
import { GatedSource } from "../harness/gated_source.js"
import { patternBytes } from "../harness/pattern.js"
import { retryUntil } from "../harness/retry.js"
import { serveSources } from "../harness/source_manager.js"

const page = 4096
const watchdog = { roundMs: 20, faultAgeMs: 100 }

test("a fault that its source keeps waiting is told with its place, and woken", async () => {
  const source = new GatedSource(64 * page, 151)
  const log = new CollectedLog()
  const manager = await serveSources({ cold: source }, { watchdog }, log.log)
  const client = await startCClient(manager.socket)
  const region = await client.map("cold", { mode: "copy" })
  const session = async (): Promise<SessionView | undefined> =>
    (await manager.debug.get<SessionView[]>("/v1/sessions"))[0]
  assert.is((await session())?.oldest_fault_age_ms, null)
  assert.is((await session())?.oldest_fault_stuck_in, null)

  const fault = await client.parkFault(region, 5 * page)
  const [line] = await retryUntil("a line about it", 10_000, () => {
    const lines = log.about("a fault is stuck")
    return lines.length > 0 && lines
  })
  const woken = await retryUntil("a fault that came again", 10_000, async () => {
    const view = await session()
    return (view?.faults.missing ?? 0) >= 3 && view
  })

  const [{ address = "", region: number = 0 } = {}] =
    await manager.debug.get<RegionView[]>("/v1/regions")
  assert.is(line?.session, woken.id)
  assert.is(line?.pid, client.pid)
  assert.is(line?.region, number)
  assert.is(line?.image, "cold")
  assert.is(line?.address, `0x${(BigInt(address) + BigInt(5 * page)).toString(16)}`)
  assert.is(line?.stuck_in, "source")
  assert.ok(Number(line?.age_ms) >= 100)
  assert.match(line?.msg ?? "", /mend the source/)

  assert.is(woken.oldest_fault_stuck_in, "source")
  assert.ok((woken.oldest_fault_age_ms ?? 0) >= 100)
  const detail = await manager.debug.get<SessionDetailView>(`/v1/sessions/${woken.id}`)
  assert.is(detail.oldest_fault_stuck_in, "source")
  const metrics = (await manager.debug.ask("GET", "/metrics")).text
  assert.match(metrics, /pagerd_watchdog_stuck_faults_total\{stuck_in="source"\} 1\n/)
  assert.match(metrics, /pagerd_watchdog_wakes_total [1-9]/)
  assert.match(metrics, /pagerd_oldest_pending_fault_seconds 0\.[1-9]/)
  // Woken every round, told only when its age has doubled.
  assert.ok(log.about("a fault is stuck").length < woken.faults.missing)
  assert.is(source.reads.length, 1)

  source.open()
  assert.is(await fault.byte, patternBytes(151, 5 * page, 1)[0])
  await retryUntil(
    "nothing old",
    5_000,
    async () => (await session())?.oldest_fault_age_ms === null,
  )
  assert.match((await manager.debug.ask("GET", "/metrics")).text, /faults_forgotten_total 0\n/)
  await client.stop()
  await manager.stop()
})

test.run()
