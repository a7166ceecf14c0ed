import { execFileSync, spawnSync } from "node:child_process"
import { dirname, join } from "node:path"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { compileProgram } from "../harness/compiled.js"
import { type Manager, startManager } from "../harness/manager.js"
import { patternFile } from "../harness/pattern.js"
import { pagerdCommand, repository } from "../harness/repository.js"

const mebibyte = 2 ** 20
const lengthBytes = 16 * mebibyte
const sources = join(repository, "examples/c-workers")

interface Report {
  readonly workers: readonly { readonly mode: string; readonly pss_bytes: number }[]
  readonly touched_bytes: number
  readonly dirtied_bytes: number
  readonly pss_bytes: number
}

/** Compiles the example against what `pagerd paths` names and nothing else. */
function compileExample(): string {
  const output = execFileSync(process.execPath, [pagerdCommand, "paths", "--json"])
  const { header, library }: { header: string; library: string } = JSON.parse(output.toString())
  return compileProgram(join(sources, "workers.c"), {
    flags: ["-pedantic"],
    sources: [join(sources, "worker.c")],
    include: [dirname(header)],
    dependsOn: [header, join(sources, "worker.h")],
    libraries: [library, `-Wl,-rpath,${dirname(library)}`],
  })
}

const run = (words: readonly string[], manager?: Manager) =>
  spawnSync(compileExample(), words, {
    env: { PAGERD_SOCKET: manager?.socket ?? "/nonexistent/pagerd.sock" },
    encoding: "utf8",
    timeout: 60_000,
  })

test("eight workers in mode share hold little more than what they touched and wrote", async () => {
  const file = patternFile(lengthBytes, 1)
  const manager = await startManager({ images: { model: file } })

  const { stdout, stderr, status } = run(["--json", "model", file], manager)

  assert.is(status, 0, stderr)
  const report: Report = JSON.parse(stdout)
  assert.is(report.workers.length, 8)
  assert.ok(report.workers.every(({ mode }) => mode === "share"))
  assert.is(report.touched_bytes, lengthBytes / 4)
  const writtenByOne = Math.ceil(lengthBytes / 4 / 4096 / 25) * 4096
  assert.is(report.dirtied_bytes, 8 * writtenByOne)
  const wanted = report.touched_bytes + report.dirtied_bytes
  assert.ok(report.pss_bytes <= 1.1 * wanted, `PSS ${report.pss_bytes}, wanted about ${wanted}`)
  assert.ok(report.pss_bytes >= report.dirtied_bytes, `PSS ${report.pss_bytes}: too little`)
  await manager.stop()
})

test("the same in the other modes, and as a table", async () => {
  const file = patternFile(lengthBytes, 1)
  const manager = await startManager({ images: { model: file } })
  const runIn = (mode: string) => run(["--workers", "3", "--mode", mode, "model", file], manager)

  const early = runIn("cow")
  const copies = runIn("copy")
  const loaded = spawnSync(process.execPath, [
    ...[pagerdCommand, "image", "load", "model", "--debug-socket", manager.paths.debugSocket],
  ])
  const late = runIn("cow")

  assert.is(early.status, 1)
  assert.match(early.stderr, /workers: worker 1: mapping: .*load the image first/)
  assert.is(copies.status, 0, copies.stderr)
  assert.match(copies.stdout, /^worker {2}mode .*\n( +[123] {2}copy .*\n){3}all workers: PSS /)
  assert.is(loaded.status, 0, loaded.stderr.toString())
  assert.is(late.status, 0, late.stderr)
  assert.match(late.stdout, /\nevery byte read was the file's, before and after the reset\n$/)
  await manager.stop()
})

test("a wrong byte, no manager and a wrong word are told", async () => {
  const file = patternFile(lengthBytes, 1)
  const manager = await startManager({ images: { model: file } })

  const wrongByte = run(["--workers", "1", "model", patternFile(lengthBytes, 2)], manager)
  const noManager = run(["model", file])
  const wrongWord = run(["--mode", "fast", "model", file])
  const help = run(["--help"])

  assert.is(wrongByte.status, 1)
  assert.match(wrongByte.stderr, /worker 1: wrong bytes: byte 0 is \d+, the file has \d+\n$/)
  assert.is(noManager.status, 1)
  assert.match(noManager.stderr, /worker 1: connecting: .*nonexistent\/pagerd.sock/)
  assert.is(wrongWord.status, 2)
  assert.match(wrongWord.stderr, /--mode wants auto, copy, share or cow\nusage: /)
  assert.is(help.status, 0)
  assert.match(help.stdout, /^usage: workers /)
  await manager.stop()
})

test.run()
