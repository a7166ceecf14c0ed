// Invariant 16.
import { truncateSync } from "node:fs"
import { test } from "uvu"
import * as assert from "uvu/assert"
import type { ImageView } from "../../manager/view.js"
import { startCClient } from "../harness/c_client.js"
import { sourceOf, threeLayers, verifyLayers } from "../harness/layer_files.js"
import { type Manager, startManager } from "../harness/manager.js"

const page = 4096
const config = "resume_wait_ms = 300\n"

const imageOf = async (manager: Manager) =>
  (await manager.debug.get<ImageView[]>("/v1/images")).find(({ name }) => name === "vm")

for (const way of ["configured", "added"] as const) {
  for (const mode of ["copy", "share"] as const) {
    test(`an image that was ${way} goes on after a kill in mode ${mode}`, async () => {
      const layers = threeLayers()
      const images = way === "configured" ? { vm: sourceOf(layers) } : {}
      const first = await startManager({ images })
      const source = layers.map(({ path }) => path)
      if (way === "added") await first.debug.ask("POST", "/v1/images", { name: "vm", source })
      const client = await startCClient(first.socket)
      const region = await client.map("vm", { mode, windowBytes: page })
      await client.touch(region, 0, 150 * page)
      const before = await imageOf(first)
      await first.kill()
      const parked = await client.parkFault(region, 1024 * page)

      const second = await startManager({ images, directory: first.paths.directory })

      await parked.byte
      const after = await imageOf(second)
      assert.equal(after?.layers, source)
      // In the same memory: what had come has come.
      assert.ok(Number(after?.resident_bytes) >= Number(before?.resident_bytes))
      await verifyLayers(client, region, layers)
      assert.is((await imageOf(second))?.bytes_read, (1000 + 1 + 100 - 150) * page)
      assert.is((await client.stop()).code, 0)
      await second.stop()
    })
  }
}

test("those who had it keep the order that it had", async () => {
  const layers = threeLayers()
  const first = await startManager({ images: { vm: sourceOf(layers) } })
  const client = await startCClient(first.socket)
  const region = await client.map("vm", { windowBytes: page })
  await client.touch(region, 0, page)
  await first.kill()

  const turned = [...layers].reverse()
  const second = await startManager({
    images: { vm: sourceOf(turned) },
    directory: first.paths.directory,
  })

  await verifyLayers(client, region, layers)
  await verifyLayers(client, await client.map("vm"), turned)
  assert.is((await client.stop()).code, 0)
  await second.stop()
})

test("a layer that changed meanwhile is poison for those who had it", async () => {
  const layers = threeLayers()
  const images = { vm: sourceOf(layers) }
  const first = await startManager({ images, config })
  const client = await startCClient(first.socket)
  const region = await client.map("vm", { windowBytes: page })
  await client.touch(region, 0, 8 * page)
  await first.kill()
  // Of no page that anybody asks for here.
  truncateSync(layers[2]?.path ?? "", 1600 * page)

  const second = await startManager({ images, config, directory: first.paths.directory })

  await second.session(client.pid)
  assert.is(await client.verify(region, 1, 0, 8 * page), -1)
  await client.readByte(region, 300 * page).catch(() => {})
  assert.is((await client.ended()).signal, "SIGBUS")
  await second.stop()
})

test.run()
