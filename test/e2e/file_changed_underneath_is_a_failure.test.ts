// Invariant 7.
import { closeSync, openSync, renameSync, truncateSync, utimesSync, writeSync } from "node:fs"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { connect } from "../../client/index.js"
import type { ImageView } from "../../manager/view.js"
import { startCClient } from "../harness/c_client.js"
import { startManager } from "../harness/manager.js"
import { patternBytes, patternFile } from "../harness/pattern.js"

const page = 4096
const imageBytes = 256 * page
const untouched = 200 * page

/** Ways to change a file behind the manager's back. */
const changes: Readonly<Record<string, (path: string) => void>> = {
  "is overwritten": (path) => {
    const file = openSync(path, "r+")
    writeSync(file, patternBytes(99, untouched, page), 0, page, untouched)
    closeSync(file)
  },
  "is truncated": (path) => truncateSync(path, 100 * page),
  grows: (path) => truncateSync(path, imageBytes + page),
  "gets another time": (path) => utimesSync(path, 1, 1),
  "is replaced": (path) => renameSync(patternFile(imageBytes, 62), path),
}

const test = suite()

for (const [change, apply] of Object.entries(changes)) {
  test(`an image whose file ${change} gives SIGBUS and not new content`, async () => {
    const path = patternFile(imageBytes, 61)
    const manager = await startManager({ images: { image: path } })
    const client = await startCClient(manager.socket)
    const region = await client.map("image")
    assert.is(await client.verify(region, 61, 0, page), -1)

    apply(path)
    const read = client.readByte(region, untouched).then(String, () => "died")

    assert.is(await read, "died")
    assert.is((await client.ended()).signal, "SIGBUS")
    const [image] = await manager.debug.get<ImageView[]>("/v1/images")
    assert.is(image?.state, "failed")
    assert.match(image?.last_error ?? "", /chang/)
    await manager.stop()
  })
}

for (const change of ["is overwritten", "is truncated", "grows", "gets another time"]) {
  test(`the same where a client has published the file that ${change}`, async () => {
    const path = patternFile(imageBytes, 61)
    const manager = await startManager()
    const publisher = await connect({ socket: manager.socket })
    const name = await publisher.publish("image", path)
    const client = await startCClient(manager.socket)
    const region = await client.map(name)
    assert.is(await client.verify(region, 61, 0, page), -1)

    changes[change]?.(path)
    const read = client.readByte(region, untouched).then(String, () => "died")

    assert.is(await read, "died")
    assert.is((await client.ended()).signal, "SIGBUS")
    await publisher.close()
    await manager.stop()
  })
}

test.run()
