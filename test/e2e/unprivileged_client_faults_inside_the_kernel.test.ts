import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { startCClient } from "../harness/c_client.js"
import { startManager } from "../harness/manager.js"
import { userIds } from "../harness/observed_process.js"
import { patternBytes, patternFile } from "../harness/pattern.js"
import { skipLoudly } from "../harness/skip.js"
import { isRoot, nobody } from "../harness/user.js"

const page = 4096

for (const mode of ["copy", "share"] as const) {
  test(`read(2) into missing pages of another user's client succeeds in mode ${mode}`, async () => {
    if (!isRoot) return skipLoudly("root", "only root can start a client as another user")
    const manager = await startManager({ images: { image: patternFile(64 * page, 31) } })
    const file = join(manager.paths.directory, "input")
    writeFileSync(file, patternBytes(32, 0, 2 * page), { mode: 0o644 })
    const client = await startCClient(manager.socket, nobody)
    const region = await client.map("image", { windowBytes: page, mode })

    const bytesRead = await client.readFileInto(region, 10 * page + 512, 2 * page, file)

    assert.equal(userIds(client.pid), [nobody, nobody, nobody, nobody])
    assert.is(bytesRead, 2 * page, "without kernel-mode faults this is EFAULT")
    assert.is(await client.verify(region, 31, 10 * page, 512), -1)
    assert.is(await client.verify(region, 31, 12 * page + 512, page - 512), -1)
    const session = await manager.settledSession(client.pid)
    assert.is(session.uid, nobody)
    assert.ok(session.faults.missing > 0)
    await client.stop()
    await manager.stop()
  })
}

test.run()
