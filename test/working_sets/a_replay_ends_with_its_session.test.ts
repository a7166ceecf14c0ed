import { test } from "uvu"
import * as assert from "uvu/assert"
import { GatedSource } from "../harness/gated_source.js"
import { serveSources } from "../harness/source_manager.js"
import { awaitEnd, faultsOf, page, run, setOf, startRun } from "./runs.js"

const lengthBytes = 1024 * page
const seed = 181

class NamedSource extends GatedSource {
  readonly identity = "the same bytes"
}

test("demand goes ahead of a replay that hangs, and a client that goes ends it", async () => {
  const open = new NamedSource(lengthBytes, seed)
  open.open()
  const hanging = new NamedSource(lengthBytes, seed)
  const manager = await serveSources(
    { open, hanging },
    { workingSets: { images: "all" }, sources: { readTimeoutMs: 600_000 } },
  )
  await run(manager, "open", [0, 512], { stride: 2 })

  const { client, region } = await startRun(manager, "hanging")
  const held = [await hanging.nextRead()]
  const fault = await client.parkFault(region, 1000 * page)
  let read = await hanging.nextRead()
  while (read.offset !== 1000 * page) {
    held.push(read)
    read = await hanging.nextRead()
  }
  assert.ok(held.length <= 12, `${held.length} reads of bulk went ahead`)
  read.release()
  await fault.byte
  assert.is(await faultsOf(manager, client), 1)

  await client.kill()
  await awaitEnd(manager, client)
  assert.is((await setOf(manager, "open"))?.replays, 0)
  assert.is((await setOf(manager, "open"))?.recordings, 0)
  for (const { release } of held) release()
  hanging.open()
  await manager.stop()
})

test.run()
