import { readFileSync } from "node:fs"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { connect, type Pager } from "../../client/index.js"
import { startManager } from "../harness/manager.js"
import { patternFile } from "../harness/pattern.js"
import { retryUntil } from "../harness/retry.js"

setFlagsFromString("--expose-gc")
const collectGarbage: () => void = runInNewContext("gc")

const lengthBytes = 1 << 20

/** Whether anything is mapped at an address of this process, and who may touch it. */
function accessAt(address: bigint): string | undefined {
  for (const line of readFileSync("/proc/self/maps", "utf8").split("\n")) {
    const [, start, end, access] = /^(\w+)-(\w+) (\S+)/.exec(line) ?? []
    if (BigInt(`0x${start ?? 0}`) <= address && address < BigInt(`0x${end ?? 0}`)) return access
  }
  return undefined
}

/** In a function of its own, so that no variable keeps the view. */
async function mapViewAndClose(pager: Pager): Promise<bigint> {
  const region = await pager.map("model")
  assert.is(new Uint8Array(region.buffer).length, lengthBytes)
  await region.close()
  return region.address
}

test("without a view at once; with one, when it was collected and not before", async () => {
  const manager = await startManager({ images: { model: patternFile(lengthBytes, 1) } })
  const pager = await connect({ socket: manager.socket })

  const unseen = await pager.map("model")
  await unseen.close()
  assert.is(accessAt(unseen.address), undefined)

  const seen = await mapViewAndClose(pager)
  assert.is(accessAt(seen), "---p")

  await retryUntil("the release of the addresses", 20_000, () => {
    collectGarbage()
    return accessAt(seen) === undefined
  })
  await pager.close()
  await manager.stop()
})

test.run()
