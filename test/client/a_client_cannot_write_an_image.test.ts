import { readFileSync } from "node:fs"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { startCClient } from "../harness/c_client.js"
import { startManager } from "../harness/manager.js"
import { descriptorTargets } from "../harness/observed_process.js"
import { patternFile } from "../harness/pattern.js"

const imageBytes = 1 << 20
const accessBits = 0o3
const kinds = ["copy", "share", "cow"] as const

/** The flags of each descriptor of an image's file that a process has. */
function imageDescriptorFlags(pid: number): number[] {
  return descriptorTargets(pid)
    .filter(({ target }) => target.startsWith("/memfd:pagerd-image"))
    .map(({ descriptor }) => {
      const lines = readFileSync(`/proc/${pid}/fdinfo/${descriptor}`, "latin1")
      return Number.parseInt(/^flags:\s+(\d+)$/m.exec(lines)?.[1] ?? "", 8)
    })
}

test("its descriptors are read-only, its mappings private, and its writes its own", async () => {
  const manager = await startManager({ images: { image: patternFile(imageBytes, 1) } })
  const writer = await startCClient(manager.socket)
  const reader = await startCClient(manager.socket)
  await writer.load("image")

  for (const mode of kinds) {
    const region = await writer.map("image", { mode })
    const attached = await writer.attach("image", imageBytes, { mode })
    await writer.writePattern(region, 2, 0, imageBytes)
    await writer.writePattern(attached, 3, 0, imageBytes)
  }

  const flags = imageDescriptorFlags(writer.pid)
  assert.is(flags.length, 1, "one descriptor for all regions of the image")
  assert.is((flags[0] ?? accessBits) & accessBits, 0)
  const maps = readFileSync(`/proc/${writer.pid}/maps`, "latin1")
  const accesses = [...maps.matchAll(/^\S+ (\S+) .*pagerd-image/gm)].map((match) => match[1])
  assert.equal(accesses, ["rw-p", "rw-p", "rw-p", "rw-p"])
  for (const mode of kinds) {
    const region = await reader.map("image", { mode })
    assert.is(await reader.verify(region, 1, 0, imageBytes), -1, mode)
  }
  await Promise.all([writer.stop(), reader.stop()])
  await manager.stop()
})

test.run()
