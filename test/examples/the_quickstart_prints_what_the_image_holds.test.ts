import { closeSync, openSync, truncateSync, writeSync } from "node:fs"
import { join } from "node:path"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { startManager } from "../harness/manager.js"
import { scratchDirectory } from "../harness/scratch.js"
import { runExample } from "./run_example.js"

const lengthBytes = 256 * 1024 * 1024

test("a byte in the middle, and the first one as it is after the reset", async () => {
  const path = join(scratchDirectory(), "model")
  const file = openSync(path, "w")
  truncateSync(path, lengthBytes)
  writeSync(file, Buffer.from([7]), 0, 1, 0)
  writeSync(file, Buffer.from([99]), 0, 1, lengthBytes / 2)
  closeSync(file)
  const manager = await startManager({ images: { model: path } })

  const run = await runExample("examples/quickstart/main.js", { PAGERD_SOCKET: manager.socket })

  assert.equal(run, { code: 0, stdout: "99\n7\n", stderr: "" })
  await manager.stop()
})

test.run()
