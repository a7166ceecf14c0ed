import { closeSync } from "node:fs"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { patternFile } from "../harness/pattern.js"
import { openUserfaultfd, registeredMemory } from "./own_memory.js"
import { RawClient } from "./raw_client.js"
import { serveInTest } from "./serving.js"

const page = 4096

test("one that begins within a page is refused, and the next one is not", async () => {
  const manager = await serveInTest({ images: { model: patternFile(4 * page, 1) } })
  const client = new RawClient(manager.socket)
  const userfaultfd = openUserfaultfd()
  const address = registeredMemory(userfaultfd, 4 * page)
  await client.greet()
  const range = { address, length_bytes: 4 * page, offset_bytes: 0, window_bytes: page }
  client.request({ type: "map", image: "model", mode: "copy", ...range }, [userfaultfd])
  const { region } = await client.next("mapped")

  client.request({ type: "prefault", region, offset_bytes: 1, length_bytes: page })
  assert.match(await client.nextError("region_misaligned"), /whole pages/)
  client.request({ type: "prefault", region, offset_bytes: 0, length_bytes: 2 * page })

  assert.is((await client.next("prefaulted")).pages_installed, 2)
  assert.is(manager.inspect.regions()[0]?.resident_pages, 2)
  client.close()
  closeSync(userfaultfd)
  await manager.close()
})

test.run()
