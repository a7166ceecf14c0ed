// runs alone
import { setTimeout as pause } from "node:timers/promises"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { type CMapOptions, startCClient } from "../harness/c_client.js"
import { patternBytes } from "../harness/pattern.js"
import { serveSources } from "../harness/source_manager.js"
import { page, setOf } from "./runs.js"

const lengthBytes = 4096 * page
const strideBytes = 4 * page
const wantedRatio = 3.7
const latencyMs = 1
const rounds = 3
const seed = 157

/** Of one identity, so that they are one image to a working set, each with memory of its own. */
function slowSource() {
  const bytes = patternBytes(seed, 0, lengthBytes)
  return {
    length: lengthBytes,
    identity: "the same bytes",
    async read(offset: number, length: number) {
      await pause(latencyMs)
      return bytes.subarray(offset, offset + length)
    },
  }
}

async function restoreMs(socket: string, image: string, options: CMapOptions): Promise<number> {
  const client = await startCClient(socket)
  const startMs = performance.now()
  const region = await client.map(image, options)
  await client.touch(region, 0, lengthBytes, strideBytes)
  const tookMs = performance.now() - startMs
  assert.is(await client.verify(region, seed, 0, page), -1)
  await client.stop()
  return tookMs
}

const median = (values: readonly number[]) =>
  values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN

for (const mode of ["copy", "share"] as const) {
  test(`in mode ${mode} a replay is ${wantedRatio} times faster than page by page`, async () => {
    const numbers = Array.from({ length: rounds }, (_, round) => round)
    const recorded = ["first", ...numbers.map((round) => `replayed-${round}`)]
    const names = [...recorded, ...numbers.map((round) => `asked-${round}`)]
    const images = Object.fromEntries(names.map((name) => [name, slowSource()]))
    const workingSets = { images: recorded, windowMs: 600_000 }
    const manager = await serveSources(images, { workingSets })
    const options = { mode, windowBytes: page }
    await restoreMs(manager.socket, "first", options)

    const asked: number[] = []
    const replayed: number[] = []
    for (const round of numbers) {
      asked.push(await restoreMs(manager.socket, `asked-${round}`, options))
      replayed.push(await restoreMs(manager.socket, `replayed-${round}`, options))
    }

    assert.is((await setOf(manager, "first"))?.pages, lengthBytes / strideBytes)
    const ratio = median(asked) / median(replayed)
    const figures = `${asked.map(Math.round)} ms without, ${replayed.map(Math.round)} ms with it`
    assert.ok(ratio >= wantedRatio, `${ratio.toFixed(1)} times: ${figures}`)
    await manager.stop()
  })
}

test.run()
