import fs, { readdirSync, readFileSync } from "node:fs"
import { syncBuiltinESMExports } from "node:module"
import { join } from "node:path"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { patternFile } from "../harness/pattern.js"
import { scratchDirectory } from "../harness/scratch.js"
import { openUserfaultfd, registeredMemory } from "./own_memory.js"
import { RawClient } from "./raw_client.js"
import { serveInTest } from "./serving.js"

const page = 4096
const pages = 8

/** From now on a disk takes half of what is appended to files, and no new file. */
function fillDisk(): { free(): void } {
  const { appendFileSync, openSync } = fs
  const full = () => Object.assign(new Error("ENOSPC: no space left"), { code: "ENOSPC" })
  fs.appendFileSync = (path, bytes) => {
    appendFileSync(path, bytes.slice(0, bytes.length / 2))
    throw full()
  }
  fs.openSync = (path, flags, mode) => {
    if (flags === "w") throw full()
    return openSync(path, flags, mode)
  }
  syncBuiltinESMExports()
  const free = () => {
    Object.assign(fs, { appendFileSync, openSync })
    syncBuiltinESMExports()
  }
  return { free }
}

test("while it cannot be written clients are served, and it is shown why", async () => {
  const stateDir = join(scratchDirectory(), "state")
  const images = { image: patternFile(pages * page, 3) }
  const manager = await serveInTest({ images, stateDir })
  const userfaultfd = openUserfaultfd()
  const memory = registeredMemory(userfaultfd, pages * page)
  const client = new RawClient(manager.socket)
  await client.greet()
  const map = async (at: number): Promise<number> => {
    const range = { address: memory + BigInt(at * page), length_bytes: page, offset_bytes: 0 }
    const wish = { type: "map", image: "image", mode: "copy", window_bytes: page, ...range }
    client.request(wish, at === 0 ? [userfaultfd] : [])
    return (await client.next("mapped")).region
  }
  const regions = [await map(0)]

  const disk = fillDisk()
  regions.push(await map(1))
  assert.match(manager.inspect.info().state_failure ?? "", /ENOSPC/)
  regions.push(await map(2))
  disk.free()
  regions.push(await map(3))

  assert.is(manager.inspect.info().state_failure, null)
  const [journal = ""] = readdirSync(stateDir).filter((name) => name.startsWith("session-"))
  const [, ...lines] = readFileSync(join(stateDir, journal), "utf8").trimEnd().split("\n")
  const kept = lines.map((line) => (JSON.parse(line) as { region: number }).region)
  assert.equal(kept, regions, "every region, and no half of a line")
  client.close()
  await manager.close()
})

test.run()
