// runs alone
// time limit: 180 s
import { test } from "uvu"
import * as assert from "uvu/assert"
import { type CMapOptions, startCClient } from "../harness/c_client.js"
import { startManager } from "../harness/manager.js"
import { patternFile } from "../harness/pattern.js"
import { endRun, page, type Served, setOf } from "./runs.js"

const pages = 16_384
const strideBytes = 2 * page
const lengthBytes = pages * page
const wantedRatio = 0.95
const rounds = 7
const seed = 193

/** Of the fastest: whatever else runs on the machine makes the others slower. */
const fastest = (values: readonly number[]) => Math.min(...values)

async function startLoaded() {
  // Two files: one under two names would be one image to a working set.
  const images = { recorded: patternFile(lengthBytes, seed), plain: patternFile(lengthBytes, seed) }
  const manager = await startManager({ images, args: ["--working-sets", "recorded"] })
  for (const name of Object.keys(images)) {
    await manager.debug.ask("POST", `/v1/images/${name}/load`)
  }
  return manager
}

async function restoreMs(served: Served, image: string, options: CMapOptions): Promise<number> {
  const client = await startCClient(served.socket)
  const startMs = performance.now()
  const region = await client.map(image, options)
  await client.touch(region, 0, lengthBytes, strideBytes)
  const tookMs = performance.now() - startMs
  await endRun(served, client)
  return tookMs
}

for (const mode of ["copy", "share"] as const) {
  test(`in mode ${mode} a run that asks page by page is no slower with a replay`, async () => {
    const manager = await startLoaded()
    const options = { mode, windowBytes: page }
    await restoreMs(manager, "recorded", options)

    const plain: number[] = []
    const replayed: number[] = []
    for (let round = 0; round < rounds; round += 1) {
      plain.push(await restoreMs(manager, "plain", options))
      replayed.push(await restoreMs(manager, "recorded", options))
    }

    const ratio = fastest(plain) / fastest(replayed)
    const figures = `${plain.map(Math.round)} ms without, ${replayed.map(Math.round)} ms with it`
    assert.ok(ratio >= wantedRatio, `${ratio.toFixed(2)} times: ${figures}`)
    await manager.stop()
  })
}

test("where demand only copies, in large windows, nothing is replayed", async () => {
  const manager = await startLoaded()
  for (let runs = 0; runs < 3; runs += 1) await restoreMs(manager, "recorded", { mode: "copy" })

  const set = await setOf(manager, "recorded")
  assert.is(set?.pages, pages)
  assert.is(set?.replays, 0)
  assert.is(set?.recordings, 0)
  await manager.stop()
})

test.run()
