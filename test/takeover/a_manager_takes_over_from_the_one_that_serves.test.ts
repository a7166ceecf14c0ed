// Invariant 16.
import { join } from "node:path"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { startCClient } from "../harness/c_client.js"
import { layoutEvents, startHostileClient } from "../harness/hostile_client.js"
import { startManager } from "../harness/manager.js"
import { patternBytes, patternFile } from "../harness/pattern.js"

const page = 4096
const imageBytes = 4096 * page
const images = { image: patternFile(imageBytes, 1) }

test("no fault of its clients is lost, whether they come by themselves or not", async () => {
  const first = await startManager({ images })
  const client = await startCClient(first.socket)
  const region = await client.map("image", { windowBytes: page })
  const foreign = await startHostileClient(first.socket)
  await foreign.order("arm", layoutEvents.none, imageBytes)
  await foreign.order("map", "image", imageBytes, 1, page)
  const read = async (offset: number) =>
    assert.is(await foreign.order("read", offset), patternBytes(1, offset, 8)[0])
  await read(0)

  const verified = client.verify(region, 1, 0, imageBytes)
  const second = await startManager({
    images,
    directory: first.paths.directory,
    args: ["--takeover"],
  })

  assert.is(await verified, -1)
  for (let offset = page; offset < 64 * page; offset += page) await read(offset)
  assert.equal(await first.ended(), { code: 0, signal: null })
  const sessions = await second.debug.get<{ adopted: boolean }[]>("/v1/sessions")
  assert.equal(sessions.map(({ adopted }) => adopted).sort(), [false, true])
  await client.stop()
  await foreign.kill()
  await second.stop()
})

test("where none serves it begins as ever", async () => {
  const manager = await startManager({ images, args: ["--takeover"] })

  assert.match(manager.stderr, /there is no manager to take over from/)
  await manager.stop()
})

test("not from a manager that keeps its state elsewhere, which goes on", async () => {
  const first = await startManager({ images })
  const elsewhere = join(first.paths.directory, "elsewhere")

  const refused = await startManager({
    directory: first.paths.directory,
    args: ["--takeover", "--state-dir", elsewhere],
  }).catch((error) => error)

  assert.match(
    String(refused),
    /Cannot take over: the manager on .* keeps its state in .*, wanted /,
  )
  assert.is((await first.debug.get<{ state: string }>("/v1/info")).state, "serving")
  await first.stop()
})

test.run()
