import { accessSync, constants, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { startCClient } from "../harness/c_client.js"
import { startManager } from "../harness/manager.js"
import { patternFile } from "../harness/pattern.js"
import { retryUntil } from "../harness/retry.js"
import { skipLoudly } from "../harness/skip.js"
import { isRoot } from "../harness/user.js"

const page = 4096
const imageBytes = 64 * page
const ksm = "/sys/kernel/mm/ksm"
/** Same-page merging that looks at memory at once, and takes the page of zeros where it can. */
const merging = { use_zero_pages: "1", sleep_millisecs: "5", pages_to_scan: "2000", run: "1" }

/** Sets the kernel's merging, and puts back what was there. */
async function withMerging(run: () => Promise<void>): Promise<void> {
  const names = Object.keys(merging) as (keyof typeof merging)[]
  const before = names.map((name) => readFileSync(join(ksm, name), "utf8"))
  try {
    for (const name of names) writeFileSync(join(ksm, name), merging[name])
    await run()
  } finally {
    names.forEach((name, index) => {
      writeFileSync(join(ksm, name), before[index] ?? "")
    })
  }
}

/** False also where /sys is read-only, as in many containers. */
function canMerge(): boolean {
  try {
    accessSync(join(ksm, "use_zero_pages"), constants.W_OK)
    return true
  } catch {
    return false
  }
}

const zeroPagesOf = (pid: number): number =>
  Number(/^ksm_zero_pages (\d+)/m.exec(readFileSync(`/proc/${pid}/ksm_stat`, "utf8"))?.[1] ?? 0)

for (const mode of ["copy", "share", "cow"] as const) {
  test(`in mode ${mode} a zeroed page that was merged is the image's again`, async () => {
    if (!isRoot) return skipLoudly("root", "only root can switch same-page merging on")
    if (!canMerge()) return skipLoudly("machine", "same-page merging cannot be switched on here")
    await withMerging(async () => {
      const manager = await startManager({ images: { image: patternFile(imageBytes, 81) } })
      const client = await startCClient(manager.socket)
      if (mode === "cow") await client.load("image")
      const region = await client.map("image", { mode })
      await client.readFileInto(region, 8 * page, 16 * page, "/dev/zero")
      await client.advise(region, 0, imageBytes, "mergeable")
      await retryUntil("merged zeros", 20_000, () => zeroPagesOf(client.pid) >= 16)

      await client.reset(region)

      assert.is(await client.verify(region, 81, 0, imageBytes), -1)
      await client.stop()
      await manager.stop()
    })
  })
}

test.run()
