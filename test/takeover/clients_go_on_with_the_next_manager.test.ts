// Invariant 16.
import { test } from "uvu"
import * as assert from "uvu/assert"
import type { ImageView } from "../../manager/view.js"
import { startCClient } from "../harness/c_client.js"
import { type Manager, startManager } from "../harness/manager.js"
import { patternFile } from "../harness/pattern.js"

const page = 4096
const imageBytes = 2048 * page
const written = { seed: 7, offset: 3 * page, length: 5 * page }

const images = { image: patternFile(imageBytes, 1) }

/** The same command in the same directory, as an operator or systemd would start it again. */
const next = (manager: Manager): Promise<Manager> =>
  startManager({ images, directory: manager.paths.directory })

for (const mode of ["copy", "share", "cow"] as const) {
  for (const end of ["kill", "stop"] as const) {
    test(`in mode ${mode}, after a ${end}, every byte is as it should be`, async () => {
      const first = await startManager({ images })
      const client = await startCClient(first.socket)
      if (mode === "cow") await client.load("image")
      const region = await client.map("image", { mode })
      const other = await client.map("image", { mode, offsetBytes: 64 * page })
      await client.touch(region, 0, imageBytes / 4)
      await client.writePattern(region, written.seed, written.offset, written.length)
      const { id } = await first.session(client.pid)

      await first[end]()
      const parked = mode === "cow" ? undefined : await client.parkFault(region, imageBytes - page)
      const second = await next(first)

      await parked?.byte
      const session = await second.sessionOf(client.pid, 2)
      assert.is(session.resumed_from, id)
      const { offset, length, seed } = written
      assert.is(await client.verify(region, seed, offset, length), -1)
      assert.is(await client.verify(region, 1, 0, offset), -1)
      const rest = offset + length
      assert.is(await client.verify(region, 1, rest, imageBytes - rest), -1)
      assert.is(await client.verify(other, 1, 0, imageBytes - 64 * page, 64 * page), -1)
      // The session goes on in every way.
      assert.is(await client.reset(region), 0)
      assert.is(await client.verify(region, 1, 0, imageBytes), -1)
      assert.is(await client.unmap(other), 0)
      const third = await client.map("image")
      assert.is(await client.verify(third, 1, 0, imageBytes), -1)
      assert.is((await client.stop()).code, 0)
      await second.stop()
    })
  }
}

test("ten managers, one after another, each killed", async () => {
  let manager = await startManager({ images })
  const client = await startCClient(manager.socket)
  const regions = [await client.map("image", { mode: "copy" }), await client.map("image")]

  for (let kill = 0; kill < 10; kill += 1) {
    await manager.kill()
    const at = kill * 200 * page
    const parked = await client.parkFault(regions[kill % 2] as number, at)
    manager = await next(manager)
    await parked.byte
  }

  for (const region of regions) assert.is(await client.verify(region, 1, 0, imageBytes), -1)
  assert.is((await client.stop()).code, 0)
  const known = await manager.debug.get<ImageView[]>("/v1/images")
  assert.is(known.length, 1)
  await manager.stop()
})

test("calls that are made while there is no manager are answered by the next", async () => {
  const first = await startManager({ images })
  const client = await startCClient(first.socket)
  const region = await client.map("image", { mode: "copy" })
  const ended = await client.map("image", { mode: "share" })
  await first.kill()

  assert.is(await client.unmap(ended), 0, "a region ends without a manager")
  const prefaulted = client.prefault(region, 0, imageBytes)
  const mapped = client.map("image", { mode: "share" })
  const second = await next(first)

  assert.is(await prefaulted, 0)
  assert.is(await client.verify(await mapped, 1, 0, imageBytes), -1)
  await second.sessionOf(client.pid, 2)
  assert.is((await client.stop()).code, 0)
  await second.stop()
})

test.run()
