// time limit: 180 s
import { createHash } from "node:crypto"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { scratchDirectory } from "../harness/scratch.js"
import { type ExampleEnd, runExample } from "./run_example.js"

interface Report {
  readonly ok: boolean
  readonly error?: string
  readonly image: { readonly length_bytes: number; readonly was_cached: boolean }
  readonly questions: number
  readonly starts: {
    readonly title: string
    readonly mode: string | null
    readonly workers: number
    readonly first_answer_ms: number
    readonly all_answers_ms: number
    readonly faults: number | null
    readonly image_bytes_present: number | null
    readonly image_bytes_own: number | null
    readonly workers_pss_bytes: number
    readonly together_bytes: number
  }[]
}

const cache = scratchDirectory()

function runPyodide(...args: string[]): Promise<ExampleEnd> {
  const env = { XDG_CACHE_HOME: cache, XDG_RUNTIME_DIR: scratchDirectory() }
  return runExample("examples/pyodide-workers/main.js", env, { args })
}

const parse = ({ stdout }: ExampleEnd): Report => JSON.parse(stdout) as Report

test("CPython starts from nothing, from a copy and paged, and all answers are right", async () => {
  const end = await runPyodide("--workers", "2", "--json")

  assert.is(end.code, 0, end.stderr)
  const { ok, image, questions, starts } = parse(end)
  assert.is(ok, true)
  assert.is(image.was_cached, false)
  assert.ok(questions > 0)
  const titles = starts.map(({ title, mode }) => `${title}: ${mode}`)
  assert.equal(titles.slice(0, 2), ["from nothing: null", "copied snapshot: null"])
  assert.equal(titles.slice(2), [
    "paged, auto: share",
    "paged, share: share",
    "paged, copy: copy",
    "paged, cow: cow",
  ])
  for (const start of starts) {
    assert.is(start.workers, 2, start.title)
    assert.ok(start.first_answer_ms <= start.all_answers_ms, start.title)
    assert.ok(start.together_bytes >= start.workers_pss_bytes, start.title)
  }
  for (const { mode, title, faults, ...start } of starts.slice(2)) {
    const present = start.image_bytes_present ?? 0
    const own = start.image_bytes_own ?? 0
    if (mode === "cow") assert.is(faults, 0, title)
    else assert.ok((faults ?? 0) > 0, title)
    assert.ok(present > 0 && present < image.length_bytes, title)
    if (mode === "copy") assert.is(own, present, title)
    else assert.ok(own > 0 && own < present, title)
  }
})

test("without --json it prints a line for each way, and its progress on stderr", async () => {
  const { code, stdout, stderr } = await runPyodide("--workers", "1", "--mode", "copy")

  assert.is(code, 0, stderr)
  assert.match(stderr, /pyodide: workers, paged, copy +100 % {2}1 of 1 done/)
  assert.match(stdout, /^ {2}from nothing +-( +[\d,.]+){4} +- +- +-( +[\d,.]+){2}$/m)
  assert.match(stdout, /^ {2}copied snapshot +-( +[\d,.]+){4} +- +- +-( +[\d,.]+){2}$/m)
  assert.match(stdout, /^ {2}paged, copy +copy( +[\d,.]+){9}$/m)
})

test("a snapshot that computes something else is noticed by its answers", async () => {
  const path = join(cache, "pagerd-pyodide", "pyodide")
  const heap = readFileSync(`${path}.image`)
  const [word, otherWord] = ["shelves", "shelvez"]
  for (let at = heap.indexOf(word); at >= 0; at = heap.indexOf(word)) heap.write(otherWord, at)
  const manifest = JSON.parse(readFileSync(`${path}.json`, "utf8")) as object
  const sha256 = createHash("sha256").update(heap).digest("hex")
  writeFileSync(`${path}.image`, heap)
  writeFileSync(`${path}.json`, JSON.stringify({ ...manifest, sha256 }))

  const end = await runPyodide("--workers", "1", "--mode", "copy", "--json")

  assert.is(end.code, 1)
  const { ok, error = "" } = parse(end)
  assert.is(ok, false)
  assert.match(error, /worker 1 \(pid \d+\) on pyodide, way copy, failed: answer\(/)
  assert.match(error, "shelvez")
})

test.run()
