import { test } from "uvu"
import * as assert from "uvu/assert"
import type { SessionView } from "../../manager/view.js"
import { startCClient } from "../harness/c_client.js"
import { startManager } from "../harness/manager.js"
import { patternFile } from "../harness/pattern.js"

const page = 4096
const imageBytes = 8 * 2 ** 20
const start = 100 * page
const length = 1000 * page

const faultsOf = ({ faults }: SessionView) => faults.missing + faults.minor

for (const mode of ["copy", "share"] as const) {
  test(`in mode ${mode} a prefaulted range takes no fault, what lies outside does`, async () => {
    const manager = await startManager({ images: { image: patternFile(imageBytes, 101) } })
    const client = await startCClient(manager.socket)
    const region = await client.map("image", { windowBytes: page, mode })

    await client.prefault(region, start, length)

    const prefaulted = await manager.settledSession(client.pid)
    assert.is(faultsOf(prefaulted), 0)
    assert.is(prefaulted.resident_pages, 1000)
    assert.is(await client.verify(region, 101, start, length), -1)
    assert.is(faultsOf(await manager.settledSession(client.pid)), 0)

    assert.is(await client.verify(region, 101, start - page, page), -1)
    assert.is(await client.verify(region, 101, start + length, page), -1)
    assert.is(faultsOf(await manager.settledSession(client.pid)), 2)
    await client.stop()
    await manager.stop()
  })

  test(`in mode ${mode} a prefault leaves what the client wrote before`, async () => {
    const manager = await startManager({ images: { image: patternFile(imageBytes, 102) } })
    const client = await startCClient(manager.socket)
    const region = await client.map("image", { mode })
    await client.writePattern(region, 103, 300 * page, 3 * page)

    await client.prefault(region, 0, 0)

    assert.is(await client.verify(region, 103, 300 * page, 3 * page), -1)
    assert.is(await client.verify(region, 102, 0, 300 * page), -1)
    assert.is(await client.verify(region, 102, 303 * page, imageBytes - 303 * page), -1)
    await client.stop()
    await manager.stop()
  })
}

test.run()
