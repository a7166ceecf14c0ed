// Invariant 10.
import { truncateSync } from "node:fs"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { startCClient } from "../harness/c_client.js"
import { startHostileClient } from "../harness/hostile_client.js"
import { startManager } from "../harness/manager.js"
import { patternFile } from "../harness/pattern.js"
import { RawClient } from "../manager/raw_client.js"

const page = 4096
const pages = 64
const threads = 8
const stormFaults = 20_000
/** Some turns of a scheduler. */
const boundMs = 250
/** Five in ten seconds, for as long as a slow machine takes. */
const linesMax = 60

test("eight threads touch lost pages: others are served, and hear little of it", async () => {
  const lost = patternFile(pages * page, 3)
  const manager = await startManager({ images: { lost, image: patternFile(pages * page, 7) } })
  const quiet = await startCClient(manager.socket)
  const region = await quiet.map("image", { windowBytes: page, mode: "copy" })
  const beside = new RawClient(manager.socket)
  await beside.greet()
  truncateSync(lost, 0)
  const hostile = await startHostileClient(manager.socket)
  await hostile.order("arm", 0, pages * page)
  await hostile.order("map", "lost", pages * page, 1, page)

  await hostile.order("flood_failures", threads)
  const answersMs: number[] = []
  let slowestUs = 0
  while ((await manager.session(hostile.pid)).outcomes.failed < stormFaults) {
    const startMs = performance.now()
    beside.request({ type: "image", image: "image" })
    await beside.next("image_found")
    answersMs.push(performance.now() - startMs)
    slowestUs = Math.max(slowestUs, await quiet.slowestTouchUs(region, 0, pages * page))
    await quiet.advise(region, 0, pages * page, "dontNeed")
  }

  const medianMs = answersMs.toSorted((one, other) => one - other)[answersMs.length >> 1] ?? 0
  assert.ok(medianMs < boundMs, `an answer took ${medianMs} ms`)
  assert.ok(slowestUs < boundMs * 1_000, `the slowest fault took ${slowestUs} us`)
  const lines = manager.stderr.split("\n").filter((line) => line.includes("poisoned a page")).length
  assert.ok(lines > 0 && lines <= linesMax, `${lines} lines in the log`)
  await hostile.kill()
  beside.close()
  await quiet.stop()
  await manager.stop()
})

test.run()
