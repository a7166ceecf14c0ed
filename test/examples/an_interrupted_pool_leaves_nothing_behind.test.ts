import { readdirSync, readFileSync } from "node:fs"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { isRunning } from "../harness/observed_process.js"
import { retryUntil } from "../harness/retry.js"
import { scratchDirectory } from "../harness/scratch.js"
import { type StartedExample, startExample } from "./run_example.js"

interface RunningPool {
  readonly example: StartedExample
  readonly manager: number
  readonly server: number
  leftovers(): string[]
}

/** Resolves while the server answers requests. */
async function startLongPool(): Promise<RunningPool> {
  const scratch = scratchDirectory()
  const env = { XDG_RUNTIME_DIR: scratch, TMPDIR: scratch }
  const args = ["--requests", "1000000", "--mode", "copy", "--json"]
  const example = startExample("examples/wasm-pool/main.js", env, { args })
  await retryUntil("requests", 30_000, () => /new instances .* done/.test(example.stderr()))
  const { pid } = example.child
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ")
  const byProgram = (program: string): number =>
    Number(children.find((child) => readFileSync(`/proc/${child}/cmdline`).includes(program)))
  const manager = byProgram("manager/cli/main.js")
  const server = byProgram("wasm-pool/server.js")
  return { example, manager, server, leftovers: () => readdirSync(scratch) }
}

function assertNothingIsLeft({ manager, server, leftovers }: RunningPool): void {
  assert.is(isRunning(manager), false)
  assert.is(isRunning(server), false)
  assert.equal(leftovers(), [])
}

test("an interruption ends the server and the manager, and removes the image", async () => {
  const pool = await startLongPool()
  assert.ok(isRunning(pool.server) && isRunning(pool.manager))

  pool.example.child.kill("SIGINT")
  const { code, stdout } = await pool.example.ended

  assert.is(code, 130)
  assert.equal(JSON.parse(stdout), { ok: false, error: "Interrupted by SIGINT" })
  assertNothingIsLeft(pool)
})

test("a server that dies is named, and how it ended", async () => {
  const pool = await startLongPool()

  process.kill(pool.server, "SIGBUS")
  const { code, stderr } = await pool.example.ended

  assert.is(code, 1)
  const words = `The server (pid ${pool.server}) was ended by SIGBUS: a page could not be had`
  assert.match(stderr, words)
  assertNothingIsLeft(pool)
})

test.run()
