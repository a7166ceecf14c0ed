import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "uvu"
import * as assert from "uvu/assert"
import type { WorkingSetDetailView, WorkingSetView } from "../../manager/view.js"
import { type Manager, startManager } from "../harness/manager.js"
import { patternFile } from "../harness/pattern.js"
import { scratchDirectory } from "../harness/scratch.js"
import { awaitReplays, endRun, faultsOf, page, run, startRun } from "../working_sets/runs.js"
import { runPagerd } from "./run_pagerd.js"

const pages = 512
const file = join(scratchDirectory(), "vm.workingset")
const args = ["--working-sets", "all"]

const workingset = ({ paths }: Manager, ...words: string[]) =>
  runPagerd(["workingset", ...words, "--debug-socket", paths.debugSocket])

test("what one manager recorded another one replays", async () => {
  const recorder = await startManager({ images: { vm: patternFile(pages * page, 167) }, args })
  await run(recorder, "vm", [8, 40])
  const listed = (await workingset(recorder, "ls", "--json")).json() as WorkingSetView[]
  assert.equal(
    listed.map(({ image, pages }) => [image, pages]),
    [["vm", 32]],
  )
  const shown = (await workingset(recorder, "show", "vm", "--json")).json() as WorkingSetDetailView
  assert.equal(shown.ranges, [{ offset_bytes: 8 * page, length_bytes: 32 * page }])
  assert.match((await workingset(recorder, "show", "vm")).stdout, /32768 +128 KiB/)

  const exported = await workingset(recorder, "export", "vm", file)
  assert.is(exported.code, 0, exported.stderr)
  assert.is((await workingset(recorder, "rm", "vm")).code, 0)
  assert.match((await workingset(recorder, "ls")).stdout, /no working sets/)
  const removed = await workingset(recorder, "rm", "vm")
  assert.is(removed.code, 1)
  assert.match(removed.stderr, /There is no working set of an image "vm"/)
  await recorder.stop()

  const images = { copy: patternFile(pages * page, 167) }
  const replayer = await startManager({ images, args })
  const imported = await workingset(replayer, "import", "copy", file)
  assert.is(imported.code, 0, imported.stderr)
  assert.match(imported.stdout, /imported 128 KiB for copy/)
  const { client, region } = await startRun(replayer, "copy")
  await awaitReplays(replayer, "copy", 1)
  await client.touch(region, 8 * page, 32 * page)
  assert.is(await faultsOf(replayer, client), 0)
  await endRun(replayer, client)
  await replayer.stop()
})

test("a file that is none, was changed or is of another length is refused in words", async () => {
  const images = { vm: patternFile(pages * page, 167), short: patternFile(3 * page, 173) }
  const manager = await startManager({ images, args })
  const changed = join(scratchDirectory(), "changed")
  writeFileSync(changed, readFileSync(file, "utf8").replace(/"runs":\d+/, '"runs":77'))
  const beyond = join(scratchDirectory(), "none")
  writeFileSync(beyond, "[1, 2")

  for (const [name, path, words] of [
    ["vm", changed, /it was damaged or changed/],
    ["vm", beyond, /is no working set/],
    ["short", file, /of an image of 2097152 bytes, and short has 12288/],
    ["absent", file, /has no image "absent"/],
    ["vm", join(scratchDirectory(), "nothing"), /cannot read/],
  ] as const) {
    const refused = await workingset(manager, "import", name, path)
    assert.is(refused.code, 1, refused.stderr)
    assert.match(refused.stderr, words)
  }
  assert.equal(await manager.debug.get("/v1/working_sets"), [])
  await manager.stop()
})

test.run()
