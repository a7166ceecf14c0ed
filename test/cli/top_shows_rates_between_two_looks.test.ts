import { test } from "uvu"
import * as assert from "uvu/assert"
import { renderFrame } from "../../manager/cli/top/frame.js"
import { activityBetween, type Sample } from "../../manager/cli/top/rates.js"
import type { SessionView, StatsView } from "../../manager/view.js"
import { type FakeDebugSocket, startFakeDebugSocket } from "../debug/fake_debug_socket.js"
import * as made from "../debug/made_views.js"
import { runPagerd } from "./run_pagerd.js"

/** A look at `atMs` at sessions that faulted so often; each fault copied 64 KiB and shared 8. */
function look(atMs: number, faults: Record<string, number>): Sample {
  const counts = (missing: number) => ({
    faults: { missing, minor: 0, write_protect: 0 },
    bytes_copied: missing * 65_536,
    pages_continued: missing * 2,
  })
  const total = Object.values(faults).reduce((sum, count) => sum + count, 0)
  const stats: StatsView = { ...made.stats(), ...counts(total) }
  const sessions = Object.entries(faults).map(
    ([id, count]): SessionView => ({ ...made.session(id), ...counts(count) }),
  )
  return { atMs, info: made.info("/run/pagerd/pagerd.sock"), stats, sessions }
}

const frame = (earlier: Sample, later: Sample, columns = 100, rows = 40) =>
  renderFrame(activityBetween(earlier, later), {
    terminal: { columns, paint: (_, text) => text },
    rows,
    history: [],
    trouble: undefined,
  })

test("rates are differences by time, the busiest session first", () => {
  const activity = activityBetween(
    look(1_000, { s1: 100, s2: 100 }),
    look(3_000, { s1: 120, s2: 900, s3: 10 }),
  )

  assert.equal(
    activity.sessions.map(({ session, faults_per_s }) => [session.id, faults_per_s]),
    [
      ["s2", 400],
      ["s1", 10],
      ["s3", 5],
    ],
  )
  assert.is(activity.totals.faults_per_s, 415)
  assert.is(activity.totals.copied_bytes_per_s, 415 * 65_536)
  assert.is(activity.totals.shared_bytes_per_s, 415 * 8_192)
})

test("a manager that started again counts from zero, and no rate is negative", () => {
  const restarted = look(2_000, { s1: 5 })
  const later = { ...restarted, info: { ...restarted.info, started_at: "2026-02-02T00:00:00Z" } }

  const activity = activityBetween(look(1_000, { s1: 5_000 }), later)

  assert.is(activity.totals.faults_per_s, 0)
  assert.is(activity.sessions[0]?.faults_per_s, 0)
})

test("a frame fits its terminal and says how many it leaves out", () => {
  const faults = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`s${index}`, index]))

  const lines = frame(look(0, {}), look(1_000, faults), 90, 20)

  assert.is(lines.length, 20)
  assert.match(lines[5] ?? "", /^s49 /)
  assert.is(lines.at(-1), "... and 36 more")
  for (const line of lines.slice(4)) assert.ok(line.length <= 90, line)
})

test("without clients it says so", () => {
  assert.is(frame(look(0, {}), look(1_000, {})).at(-1), "no client is connected")
})

test("--once prints one frame of an interval, also as JSON", async () => {
  const debug: FakeDebugSocket = await startFakeDebugSocket()
  const { manager } = debug
  const { stats } = manager
  let looks = 0
  manager.stats = () => {
    looks += 1
    const seen = stats.call(manager)
    return { ...seen, faults: { ...seen.faults, missing: 12_345 + looks * 1_000 } }
  }
  const args = ["top", "--once", "--interval", "0.2", "--debug-socket", debug.path]

  const text = await runPagerd(args)
  const json = await runPagerd([...args, "--json"])
  await debug.close()

  assert.is(text.code, 0)
  assert.match(text.stdout, /^pagerd 0\.1\.0 +pid \d+ .*\n[1-9][\d,]* faults\/s /)
  assert.match(text.stdout, /\ns1 +4242 +node worker\.js/)
  const found = json.json() as { interval_s: number; faults_per_s: number; sessions: unknown[] }
  assert.ok(found.interval_s >= 0.2)
  assert.ok(Math.abs(found.faults_per_s * found.interval_s - 1_000) < 1)
  assert.is(found.sessions.length, 2)
})

test.run()
