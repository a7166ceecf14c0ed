// Invariant 10.
import { test } from "uvu"
import * as assert from "uvu/assert"
import { startCClient } from "../harness/c_client.js"
import { startHostileClient } from "../harness/hostile_client.js"
import { startManager } from "../harness/manager.js"
import { patternFile } from "../harness/pattern.js"
import { skipLoudly } from "../harness/skip.js"
import { isRoot } from "../harness/user.js"

const page = 4096
const pages = 16
const seed = 23
/** More than the threads that Node has for files. */
const traps = 6

test("six clients whose command lines cannot be read, and one that is served", async () => {
  if (!isRoot) {
    skipLoudly("root", "faults of other processes must reach the trap")
    return
  }
  const manager = await startManager({ images: { image: patternFile(pages * page, seed) } })
  const hostile = await Promise.all(Array.from({ length: traps }, () => startHostileClient()))
  for (const client of hostile) {
    await client.order("arm", 0, page)
    await client.order("trap_command_line")
    await client.order("connect", manager.socket)
  }

  const client = await startCClient(manager.socket)
  const region = await client.map("image", { mode: "copy" })
  const mismatch = await client.verify(region, seed, 0, pages * page)
  const shown = await Promise.all(hostile.map(({ pid }) => manager.session(pid)))
  await manager.debug.get("/v1/stats")

  assert.is(mismatch, -1)
  assert.ok(shown.every(({ command }) => command.length > 0 && command.length <= 15))
  await client.stop()
  await manager.stop()
  for (const { process } of hostile) await process.kill()
})

test.run()
