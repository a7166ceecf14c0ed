import { readFileSync } from "node:fs"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { connect, type Pager } from "../../client/index.js"
import type { SessionView } from "../../manager/view.js"
import { startManager } from "../harness/manager.js"
import { patternFile } from "../harness/pattern.js"
import { retryUntil } from "../harness/retry.js"
import { loaderOf } from "./wasm_code.js"
import { bytesOf, makeMemory } from "./wasm_memory.js"

setFlagsFromString("--expose-gc")
const collectGarbage: () => void = runInNewContext("gc")

const initial = 8
const imageBytes = 5 * 65_536
const rounds = 60

/** The access of each of this process's mappings that begin at one of the addresses. */
function accessAt(addresses: readonly bigint[]): string[] {
  const lines = readFileSync("/proc/self/maps", "latin1").split("\n")
  return addresses.flatMap((address) => {
    const line = lines.find((one) => one.startsWith(`${address.toString(16)}-`))
    return line === undefined ? [] : [line.split(" ")[1] ?? ""]
  })
}

/** In a function of its own, so that no variable keeps the memory. */
async function useAndDiscard(pager: Pager, mode: "copy" | "share" | "cow"): Promise<bigint> {
  const memory = makeMemory({ initial, maximum: 32 })
  const load = await loaderOf(memory)
  const paged = await pager.attachMemory(memory, "heap", { mode })
  bytesOf(memory)[4096] = 1
  assert.is(load(4096), 1)

  await paged.discard()

  assert.throws(() => load(4096), /out of bounds/)
  assert.throws(() => paged.reset(), /closed/)
  assert.is(load(imageBytes), 0, "what lies behind the image is left alone")
  return paged.address
}

for (const mode of ["copy", "share", "cow"] as const) {
  test(`${rounds} of mode ${mode} leave no mapping and no region behind`, async () => {
    const manager = await startManager({ images: { heap: patternFile(imageBytes, 1) } })
    const pager = await connect({ socket: manager.socket })
    await pager.load("heap")
    const addresses: bigint[] = []

    for (let round = 0; round < rounds; round += 1) {
      addresses.push(await useAndDiscard(pager, mode))
    }

    const kept = accessAt(addresses)
    assert.ok(kept.length > 0 && kept.every((access) => access === "---p"), kept.join())
    assert.is((await manager.debug.get<SessionView[]>("/v1/sessions"))[0]?.regions, 0)
    await retryUntil("the end of all reservations", 20_000, () => {
      collectGarbage()
      return accessAt(addresses).length === 0
    })
    await pager.close()
    await manager.stop()
  })
}

test.run()
