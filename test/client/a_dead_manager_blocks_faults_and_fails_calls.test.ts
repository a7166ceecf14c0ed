// Invariant 2.
import { test } from "uvu"
import * as assert from "uvu/assert"
import { startCClient } from "../harness/c_client.js"
import { startManager } from "../harness/manager.js"
import { faultWaiters } from "../harness/observed_process.js"
import { patternFile } from "../harness/pattern.js"

// No call waits for another manager.
process.env.PAGERD_WAIT_MS = "0"

const page = 4096
const imageBytes = 1024 * page

for (const mode of ["copy", "share"] as const) {
  test(`without its manager a client of mode ${mode} waits for a missing page`, async () => {
    const manager = await startManager({ images: { image: patternFile(imageBytes, 1) } })
    const client = await startCClient(manager.socket)
    const region = await client.map("image", { mode })
    await manager.kill()

    // Throws when the read returns instead.
    await client.parkFault(region, 0)

    assert.ok(faultWaiters(client.pid).total > 0)
    await client.kill()
  })

  test(`in mode ${mode} every call says so, what is there stays, regions end`, async () => {
    const manager = await startManager({ images: { image: patternFile(imageBytes, 1) } })
    const client = await startCClient(manager.socket)
    const mapped = await client.map("image", { mode })
    const incomplete = await client.attach("image", imageBytes, { mode })
    const complete = await client.attach("image", imageBytes, { mode })
    await client.prefault(mapped, 0, 0)
    await client.prefault(complete, 0, 0)
    const codeOf = (call: Promise<number>) => call.then(String, (error) => error.code)

    await manager.kill()

    assert.is(await codeOf(client.prefault(mapped, 0, page)), "manager_gone")
    assert.is(await codeOf(client.map("image")), "manager_gone")
    assert.is(await codeOf(client.reset(mapped)), "manager_gone", "it could not be filled again")
    assert.is(await client.verify(mapped, 1, 0, imageBytes), -1)
    assert.is(await codeOf(client.unmap(incomplete)), "manager_gone", "it would turn to zeros")
    // Every page of it is there, which takes no manager to see.
    assert.is(await client.unmap(complete), 0)
    assert.is(await client.unmap(mapped), 0)
    await client.disconnect()
    assert.is((await client.stop()).code, 0)
  })
}

test.run()
