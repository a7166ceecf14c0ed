import { test } from "uvu"
import * as assert from "uvu/assert"
import type { SessionDetailView } from "../../manager/view.js"
import { startCClient } from "../harness/c_client.js"
import { startManager } from "../harness/manager.js"
import { patternFile } from "../harness/pattern.js"
import { retryUntil } from "../harness/retry.js"
import { isRoot, nobody } from "../harness/user.js"

const page = 4096

test("process, user, regions, faults and the last refusal", async () => {
  const manager = await startManager({ images: { model: patternFile(256 * page, 1) } })
  const uid = isRoot ? nobody : (process.getuid?.() ?? 0)
  const client = await startCClient(manager.socket, isRoot ? nobody : undefined)
  await client.map("model", { offsetBytes: 16 * page, lengthBytes: 64 * page, windowBytes: page })
  await client.touch(1, 0, 3 * page)
  await client.map("absent").catch(() => {})

  const { id } = await manager.session(client.pid)
  const session = await retryUntil("its command line", 5_000, async () => {
    const seen = await manager.debug.get<SessionDetailView>(`/v1/sessions/${id}`)
    return seen.command.startsWith("/") && seen
  })

  assert.is(session.pid, client.pid)
  assert.is(session.uid, uid)
  assert.is(session.state, "active")
  assert.match(session.client, /^libpagerd\/\d/)
  assert.is(session.regions, 1)
  assert.is(session.length_bytes, 64 * page)
  assert.is(session.faults.missing, 3)
  assert.is(session.outcomes.installed, 3)
  assert.is(session.resident_pages, 3)
  assert.is(session.oldest_pending_fault_ms, null)
  assert.ok(session.fault_service_us_max > 0)
  assert.is(session.last_error?.code, "unknown_image")
  const region = session.region_list[0]
  assert.is(region?.image, "model")
  assert.is(region?.mode, "share")
  assert.is(region?.access, "private")
  assert.equal(session.regions_by_mode, { copy: 0, share: 1, cow: 0 })
  assert.is(region?.mode_reason, "not all of the image is resident")
  assert.match(region?.address ?? "", /^0x[0-9a-f]+000$/)
  assert.is(region?.offset_bytes, 16 * page)
  assert.is(region?.window_bytes, page)
  assert.is(region?.faults, 3)
  await client.kill()
  await manager.stop()
})

test.run()
