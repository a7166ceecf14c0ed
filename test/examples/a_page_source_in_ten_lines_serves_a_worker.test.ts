import { readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { DebugSocket } from "../harness/debug_socket.js"
import { repository } from "../harness/repository.js"
import { retryUntil } from "../harness/retry.js"
import { scratchDirectory } from "../harness/scratch.js"
import { runExample, startExample } from "./run_example.js"

const linesMax = 10

test("the worker finds every number it looks at right, and only those were made", async () => {
  const directory = scratchDirectory()
  const env = {
    PAGERD_SOCKET: join(directory, "pagerd.sock"),
    PAGERD_DEBUG_SOCKET: join(directory, "debug.sock"),
    PAGERD_STATE_DIR: join(directory, "state"),
  }
  const manager = startExample("examples/page-source/manager.js", env)
  const debug = new DebugSocket(env.PAGERD_DEBUG_SOCKET)
  await retryUntil("the manager", 20_000, () =>
    debug.get("/v1/images").then(
      () => true,
      () => false,
    ),
  )

  const worker = await runExample("examples/page-source/worker.js", env)
  const [image] = await debug.get<{ bytes_read: number; length_bytes: number }[]>("/v1/images")

  assert.equal(worker, { code: 0, stdout: worker.stdout, stderr: "" })
  assert.match(worker.stdout, /^134217728 squares mapped/)
  assert.ok(image !== undefined && image.bytes_read > 0)
  assert.ok(image.bytes_read < image.length_bytes / 2, `${image.bytes_read} bytes were made`)
  manager.child.kill("SIGINT")
  assert.is((await manager.ended).code, 0)
})

test("it has ten lines", () => {
  const source = readFileSync(join(repository, "examples/page-source/manager.ts"), "utf8")

  const lines = source.split("\n").filter((line) => line !== "" && !line.startsWith("//"))
  assert.ok(lines.length <= linesMax, `${lines.length} lines`)
})

test.run()
