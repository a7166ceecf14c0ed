import { mkdtempSync, rmSync } from "node:fs"
import { test } from "uvu"
import * as assert from "uvu/assert"
import type { ImageView } from "../../manager/view.js"
import { startCClient } from "../harness/c_client.js"
import { lengthOf, sourceOf, threeLayers, verifyLayers } from "../harness/layer_files.js"
import { startManager } from "../harness/manager.js"

const page = 4096

/** Another file system than that of the runner's directories. */
const memory = mkdtempSync("/dev/shm/pagerd-layers-")
test.after(() => rmSync(memory, { recursive: true }))

for (const mode of ["copy", "share", "cow"] as const) {
  test(`in mode ${mode} every page is the newest layer's that has it`, async () => {
    const layers = threeLayers({ middle: memory })
    const manager = await startManager({ images: { vm: sourceOf(layers) } })
    const client = await startCClient(manager.socket)
    if (mode === "cow") await client.load("vm")

    const region = await client.map("vm", { mode })
    await verifyLayers(client, region, layers)

    const [image] = await manager.debug.get<ImageView[]>("/v1/images")
    assert.is(image?.length_bytes, lengthOf(layers))
    // The pages that one of them has, each once.
    assert.is(image?.resident_bytes, (1000 + 1 + 100) * page)
    assert.is(image?.bytes_read, image?.resident_bytes)
    assert.ok(image?.fully_resident)
    assert.is((await client.stop()).code, 0)
    await manager.stop()
  })
}

test.run()
