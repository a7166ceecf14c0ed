import { closeSync, mkdtempSync, openSync } from "node:fs"
import { join } from "node:path"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { connect } from "../../client/index.js"
import { startManager } from "../harness/manager.js"
import { findMismatch, patternFile } from "../harness/pattern.js"
import { scratchDirectory } from "../harness/scratch.js"

const lengthBytes = 100_000

test("a file is published by path or descriptor, and mapped by another client", async () => {
  const manager = await startManager()
  const publisher = await connect({ socket: manager.socket })
  const other = await connect({ socket: manager.socket })
  const file = openSync(patternFile(lengthBytes, 2), "r")

  const byPath = await publisher.publish("by/path", patternFile(lengthBytes, 1))
  const byDescriptor = await publisher.publish("by-descriptor", file)
  closeSync(file)

  assert.is(byPath, `u${process.getuid?.()}/by/path`)
  for (const [seed, name] of [byPath, byDescriptor].entries()) {
    const region = await other.map(name)
    assert.is(region.byteLength, lengthBytes)
    assert.is(findMismatch(new Uint8Array(region.buffer), seed + 1, 0), -1)
  }
  await publisher.close()
  await other.close()
  await manager.stop()
})

test("what is no file, no image name or taken is refused by name", async () => {
  const manager = await startManager()
  const pager = await connect({ socket: manager.socket })
  const directory = openSync(mkdtempSync(join(scratchDirectory(), "d")), "r")
  const refused = (name: string, file: number | string) =>
    pager.publish(name, file).catch((error) => error.code)
  const path = patternFile(lengthBytes, 1)

  await pager.publish("taken", path)

  assert.is(await refused("taken", path), "image_exists")
  assert.is(await refused("directory", directory), "unsupported_file")
  assert.is(await refused("two words", path), "bad_argument")
  assert.is(await refused("image", `${path}.missing`), "ENOENT")
  assert.is(await refused("image", 1_000_000), "system")
  closeSync(directory)
  await pager.close()
  await manager.stop()
})

test.run()
