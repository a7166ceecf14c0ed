import { statSync } from "node:fs"
import { join } from "node:path"
import { test } from "uvu"
import * as assert from "uvu/assert"
import type { ListenerView } from "../../manager/view.js"
import { startManager } from "../harness/manager.js"
import { patternFile } from "../harness/pattern.js"
import { scratchDirectory } from "../harness/scratch.js"
import { isRoot, nobody } from "../harness/user.js"
import { runPagerd } from "./run_pagerd.js"

const images = { vm: patternFile(65_536, 1) }

test("listeners are added, listed, kept over a kill -9, and removed", async () => {
  let manager = await startManager({ images })
  const debug = ["--debug-socket", manager.debug.path]
  const path = join(scratchDirectory(), "vm.sock")
  const owner = isRoot ? ["--owner", `${nobody}:${nobody}`] : []
  const add = ["listen", "firecracker", "--image", "vm", "--path", path, "--mode", "0660", ...owner]
  add.push("--populate", "64MiB")

  const added = await runPagerd([...add, "--json", ...debug])
  assert.is(added.code, 0, added.stderr)
  const { state, populate_bytes_per_second } = added.json() as ListenerView
  assert.equal([state, populate_bytes_per_second], ["listening", 64 << 20])
  assert.is(statSync(path).mode & 0o777, 0o660)
  if (isRoot) assert.is(statSync(path).uid, nobody)
  const twice = await runPagerd([...add, ...debug])
  assert.is(twice.code, 1)
  assert.match(twice.stderr, /VMMs find image "vm" at .* already/)

  const { directory } = manager.paths
  await manager.kill()
  manager = await startManager({ images, directory })
  const [again] = (await runPagerd(["listen", "ls", "--json", ...debug])).json() as ListenerView[]
  assert.equal(again, added.json())
  assert.ok(statSync(path).isSocket())

  const removed = await runPagerd(["listen", "rm", path, ...debug])
  assert.is(removed.code, 0, removed.stderr)
  assert.is(statSync(path, { throwIfNoEntry: false }), undefined)
  const table = await runPagerd(["listen", "ls", ...debug])
  assert.match(table.stdout, /no listeners/)
  await manager.stop()
})

const refused: readonly [string[], RegExp][] = [
  [["--image", "none", "--path", "/tmp/pagerd-none.sock"], /no image/i],
  [["--image", "vm", "--path", "/proc/vm.sock"], /vm\.sock/],
  [["--image", "vm", "--path", "/tmp/pagerd-none/vm.sock"], /no directory .*none: make it first/],
  [["--image", "vm", "--path", "/tmp/x.sock", "--mode", "999"], /three octal digits/],
  [["--image", "vm", "--path", "/tmp/x.sock", "--owner", "root"], /two numbers/],
  [["--image", "vm", "--path", "/tmp/x.sock", "--populate", "9KiB"], /from 1MiB to 1TiB/],
]

for (const [words, wanted] of refused) {
  test(`pagerd listen firecracker ${words.join(" ")} says why not`, async () => {
    const manager = await startManager({ images })
    const debug = ["--debug-socket", manager.debug.path]
    const { code, stderr } = await runPagerd(["listen", "firecracker", ...words, ...debug])
    assert.is.not(code, 0)
    assert.match(stderr, wanted)
    const list = (await runPagerd(["listen", "ls", "--json", ...debug])).json()
    assert.equal(list, [])
    await manager.stop()
  })
}

test.run()
