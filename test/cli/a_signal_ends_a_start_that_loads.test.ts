import { closeSync, ftruncateSync, openSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { scratchDirectory } from "../harness/scratch.js"
import { runPagerd } from "./run_pagerd.js"

/** One hole that takes no disk, and far longer to load than this test may last. */
const lengthBytes = 2 ** 40

test("at the first SIGTERM, with 0, as nobody was served yet", async () => {
  const directory = scratchDirectory()
  const source = join(directory, "hole")
  const file = openSync(source, "w")
  ftruncateSync(file, lengthBytes)
  closeSync(file)
  const config = join(directory, "pagerd.toml")
  writeFileSync(config, `[images]\nhuge = { source = "${source}", load = true }\n`)
  const paths = ["--socket", join(directory, "p.sock"), "--debug-socket", join(directory, "d.sock")]
  const args = ["serve", ...paths, "--state-dir", join(directory, "state"), "--config", config]

  const run = await runPagerd(args, {
    during: (child) => child.stderr?.once("data", () => child.kill("SIGTERM")),
  })

  assert.match(run.stderr, /"loading an image"/)
  assert.is(run.stdout, "")
  assert.is(run.signal, null)
  assert.is(run.code, 0)
})

test.run()
