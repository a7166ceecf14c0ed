// Invariant 16.
import { writeFileSync } from "node:fs"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { startCClient } from "../harness/c_client.js"
import { startManager } from "../harness/manager.js"
import { patternFile } from "../harness/pattern.js"

const page = 4096
const imageBytes = 256 * page
const config = "resume_wait_ms = 300\n"

for (const mode of ["copy", "share"] as const) {
  test(`mode ${mode}: what came stays, other pages are SIGBUS, none the new file's`, async () => {
    const path = patternFile(imageBytes, 1)
    const first = await startManager({ images: { image: path }, config })
    const client = await startCClient(first.socket)
    const region = await client.map("image", { mode, windowBytes: page })
    await client.touch(region, 0, 8 * page)
    await first.kill()
    writeFileSync(path, Buffer.alloc(imageBytes, 0xee))

    const second = await startManager({
      images: { image: path },
      config,
      directory: first.paths.directory,
    })

    await second.session(client.pid)
    assert.is(await client.verify(region, 1, 0, 8 * page), -1)
    await client.readByte(region, 200 * page).catch(() => {})
    assert.is((await client.ended()).signal, "SIGBUS")
    const fresh = await startCClient(second.socket)
    const renewed = await fresh.map("image", { mode })
    assert.is(await fresh.readByte(renewed, 200 * page), 0xee)
    await fresh.stop()
    await second.stop()
  })
}

test.run()
