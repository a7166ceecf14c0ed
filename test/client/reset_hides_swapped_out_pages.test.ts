import { spawnSync } from "node:child_process"
import { closeSync, openSync, writeSync } from "node:fs"
import { join } from "node:path"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { startCClient } from "../harness/c_client.js"
import { startManager } from "../harness/manager.js"
import { patternFile } from "../harness/pattern.js"
import { scratchDirectory } from "../harness/scratch.js"
import { skipLoudly } from "../harness/skip.js"

const page = 4096
const mebibyte = 2 ** 20
const imageBytes = 4 * mebibyte
/** Of the swap file: more than all that is swapped out here. */
const swapBytes = 32 * mebibyte

/** Without holes, as swapon wants it. */
function writtenFile(): string {
  const path = join(scratchDirectory(), "swap")
  const file = openSync(path, "w", 0o600)
  for (let at = 0; at < swapBytes; at += mebibyte) writeSync(file, new Uint8Array(mebibyte))
  closeSync(file)
  return path
}

/** Runs the test with swap space of its own; says why when this system gives none. */
async function withSwap(run: () => Promise<void>): Promise<void> {
  const path = writtenFile()
  for (const command of ["mkswap", "swapon"]) {
    const { status, stderr, error } = spawnSync(command, [path], { encoding: "utf8" })
    if (status === 0) continue
    return skipLoudly("machine", `no swap space: ${command}: ${error?.message ?? stderr.trim()}`)
  }
  try {
    await run()
  } finally {
    assert.is(spawnSync("swapoff", [path]).status, 0, "swapoff")
  }
}

for (const mode of ["copy", "share", "cow"] as const) {
  test(`in mode ${mode} what was swapped out is found and put back`, async () => {
    await withSwap(async () => {
      const manager = await startManager({ images: { image: patternFile(imageBytes, 61) } })
      const client = await startCClient(manager.socket)
      if (mode === "cow") await client.load("image")
      const region = await client.map("image", { mode })
      const swapped = () => client.countPages(region, 0, imageBytes, "swapped")
      assert.is(await client.verify(region, 61, 0, imageBytes), -1)
      await client.writePattern(region, 62, 100 * page, 50 * page)

      await client.advise(region, 0, imageBytes, "pageOut")
      const swappedOut = await swapped()
      await client.reset(region)

      assert.ok(swappedOut >= 50, `${swappedOut} pages were swapped out`)
      assert.is(await client.verify(region, 61, 0, imageBytes), -1)
      await client.stop()
      await manager.stop()
    })
  })
}

test.run()
