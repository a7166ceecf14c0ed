import { test } from "uvu"
import * as assert from "uvu/assert"
import type { FaultView, ImageView, SessionView, StatsView } from "../../manager/view.js"
import { parseExposition } from "../debug/exposition_format.js"
import { type CClient, startCClient } from "../harness/c_client.js"
import { type Manager, startManager } from "../harness/manager.js"
import { patternFile } from "../harness/pattern.js"
import { runPagerd } from "./run_pagerd.js"

const mib = 2 ** 20
const pageBytes = 4_096

let manager: Manager
let worker: CClient
let source: string

test.before(async () => {
  source = patternFile(8 * mib, 7)
  manager = await startManager()
  await ask("image", "add", "teams/blue/model", source)
  worker = await startCClient(manager.socket)
  const region = await worker.map("teams/blue/model", { mode: "copy" })
  assert.is(await worker.verify(region, 7, 0, 4 * mib), -1)
})

test.after(async () => {
  await worker?.kill()
  await manager?.stop()
})

/** Runs a command against the manager; it must go well. */
async function ask(...args: string[]) {
  const run = await runPagerd([...args, "--debug-socket", manager.paths.debugSocket])
  assert.is(run.stderr, "")
  assert.is(run.code, 0)
  return run
}

test("ps shows it with its command, its regions and what it touched", async () => {
  const [session] = (await ask("ps", "--json")).json() as SessionView[]
  const table = await ask("ps", "--regions")

  assert.is(session?.pid, worker.pid)
  assert.is(session?.uid, process.getuid?.())
  assert.is(session?.regions, 1)
  assert.is(session?.length_bytes, 8 * mib)
  assert.ok((session?.resident_pages ?? 0) * pageBytes >= 4 * mib)
  assert.ok((session?.faults.missing ?? 0) > 0)
  assert.is(session?.pending_faults, 0)
  assert.match(table.stdout, new RegExp(`^${session?.id} +${worker.pid} +\\d+ +\\S+`, "m"))
  assert.match(
    table.stdout,
    /^ +\d+ +teams\/blue\/model +(copy|share) +private +0x[0-9a-f]+ +0 B +8 MiB +/m,
  )
})

test("image ls shows what of it was read", async () => {
  const [image] = (await ask("image", "ls", "--json")).json() as ImageView[]

  assert.is(image?.name, "teams/blue/model")
  assert.is(image?.source, source)
  assert.is(image?.length_bytes, 8 * mib)
  assert.is(image?.regions, 1)
  assert.ok((image?.bytes_read ?? 0) >= 4 * mib)
  assert.ok((image?.bytes_read ?? 0) <= 8 * mib, "no byte is read twice")
})

test("stats counts its faults and times them", async () => {
  const stats = (await ask("stats", "--json")).json() as StatsView

  assert.ok(stats.faults.missing > 0)
  assert.ok(stats.pages_copied * pageBytes >= 4 * mib)
  assert.ok(stats.fault_service_us_p50 > 0)
  assert.ok(stats.fault_service_us_p50 <= stats.fault_service_us_max)
  assert.is(stats.sessions, 1)
})

test("trace shows where it faulted", async () => {
  const [session] = (await ask("ps", "--json")).json() as SessionView[]
  const trace = await ask("trace", session?.id ?? "", "--past", "5", "--limit", "5", "--json")

  const faults = trace.stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as FaultView)
  assert.is(faults.length, 5)
  for (const fault of faults) {
    assert.is(fault.pid, worker.pid)
    assert.is(fault.image, "teams/blue/model")
    assert.is(fault.image_offset_bytes % pageBytes, 0)
    assert.ok(fault.image_offset_bytes < 4 * mib)
    assert.is(fault.kind, "missing")
  }
})

test("top shows it while it faults", async () => {
  const frame = ask("top", "--once", "--interval", "0.5")
  await worker.touch(1, 4 * mib, 4 * mib)

  assert.match((await frame).stdout, new RegExp(`^s\\S+ +${worker.pid} `, "m"))
})

test("its metrics are Prometheus text", async () => {
  const { text } = await manager.debug.ask("GET", "/metrics")

  const families = parseExposition(text)
  const image = families.get("pagerd_image_read_bytes_total")?.samples[0]
  assert.is(families.get("pagerd_sessions")?.samples[0]?.value, 1)
  assert.equal(image?.labels, { image: "teams/blue/model" })
  assert.ok((image?.value ?? 0) >= 4 * mib)
})

test("a removed image is gone from the list, and the worker keeps its bytes", async () => {
  await ask("image", "rm", "teams/blue/model")
  const images = (await ask("image", "ls", "--json")).json()

  assert.equal(images, [])
  assert.is(await worker.verify(1, 7, 0, 8 * mib), -1)
})

test.run()
