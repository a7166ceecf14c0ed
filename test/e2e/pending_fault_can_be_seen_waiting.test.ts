import { test } from "uvu"
import * as assert from "uvu/assert"
import type { SessionView } from "../../manager/view.js"
import { startCClient } from "../harness/c_client.js"
import { GatedSource } from "../harness/gated_source.js"
import { retryUntil } from "../harness/retry.js"
import { serveSources } from "../harness/source_manager.js"

const page = 4096

test("a session shows how many faults wait and how old the oldest is", async () => {
  const source = new GatedSource(64 * page, 141)
  const manager = await serveSources({ cold: source })
  const client = await startCClient(manager.socket)
  const region = await client.map("cold")
  const session = async (): Promise<SessionView | undefined> =>
    (await manager.debug.get<SessionView[]>("/v1/sessions"))[0]
  assert.is((await session())?.pending_faults, 0)
  assert.is((await session())?.oldest_pending_fault_ms, null)

  const fault = await client.parkFault(region, 0)
  await source.nextRead().then(async (read) => {
    const older = await retryUntil("a fault older than 50 ms", 5_000, async () => {
      const view = await session()
      return (view?.oldest_pending_fault_ms ?? 0) > 50 && view
    })
    assert.is(older.pending_faults, 1)
    read.release()
  })

  await fault.byte
  await retryUntil("no pending fault", 5_000, async () => (await session())?.pending_faults === 0)
  assert.is((await session())?.oldest_pending_fault_ms, null)
  await client.stop()
  await manager.stop()
})

test.run()
