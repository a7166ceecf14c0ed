import { test } from "uvu"
import * as assert from "uvu/assert"
import { type FakeDebugSocket, startFakeDebugSocket } from "../debug/fake_debug_socket.js"
import { runPagerd } from "./run_pagerd.js"

let debug: FakeDebugSocket
test.before.each(async () => {
  debug = await startFakeDebugSocket()
})
test.after.each(() => debug.close())

/** Runs a command against the fake manager; it must go well and say nothing on stderr. */
async function ask(...args: string[]) {
  const run = await runPagerd([...args, "--debug-socket", debug.path])
  assert.is(run.stderr, "")
  assert.is(run.code, 0)
  return run
}

const lines = (text: string) => text.trimEnd().split("\n")

test("ps prints a line for each client, and JSON when asked", async () => {
  const table = lines((await ask("ps")).stdout)
  const json = (await ask("ps", "--json")).json()

  const titles = "ID PID UID COMMAND REGIONS MAPPED RESIDENT FAULTS P99 PENDING"
  assert.is(table[0]?.split(/\s+/).join(" "), titles)
  assert.match(
    table[1] ?? "",
    /^s1 +4242 +1000 +node worker\.js --database orders +2 +414 MiB +10 MiB/,
  )
  assert.match(table[1] ?? "", /12,345 +140 µs +0$/)
  assert.is(table.length, 3)
  assert.equal(json, debug.manager.sessions())
})

test("ps --regions puts each client's regions below it", async () => {
  const table = lines((await ask("ps", "--regions")).stdout)
  const json = (await ask("ps", "--regions", "--json")).json() as { region_list: unknown[] }[]

  assert.match(table[2] ?? "", /^s1/)
  assert.match(
    table[3] ?? "",
    /^ +1 +model +copy +private +0x7f3a00000000 +0 B +207 MiB +5 MiB +6,172 +64 KiB +asked for$/,
  )
  assert.match(table[4] ?? "", /^ +2 +model/)
  assert.match(table[5] ?? "", /^s2/)
  assert.equal(json[0], debug.manager.session("s1"))
})

test("ps --regions says what discarded pages read as where those of one are zeros", async () => {
  const { regionList } = debug.manager
  const usual = await ask("ps", "--regions")
  regionList[0] = { ...(regionList[0] as (typeof regionList)[number]), on_discard: "zero" }
  const table = lines((await ask("ps", "--regions")).stdout)

  assert.not.match(usual.stdout, /DISCARDED/)
  assert.match(table[1] ?? "", /WINDOW +DISCARDED +WHY$/)
  assert.match(table[3] ?? "", /64 KiB +zeros +asked for$/)
  assert.match(table[4] ?? "", / image +asked for$/)
})

test("ps says what waits, what went wrong, and when nobody is there", async () => {
  const { sessionList, regionList } = debug.manager
  sessionList[0] = {
    ...(sessionList[0] as (typeof sessionList)[number]),
    pending_faults: 3,
    oldest_pending_fault_ms: 1_234,
    oldest_fault_age_ms: 1_234,
    oldest_fault_stuck_in: "source",
    last_error: { code: "image_failed", message: "the file changed", at: "2026-01-02T03:04:05Z" },
  }
  const troubled = await ask("ps")
  sessionList.length = 0
  regionList.length = 0
  const empty = await ask("ps", "--regions")

  assert.match(troubled.stdout, /PENDING +STUCK *\n/)
  assert.match(troubled.stdout, /3 \(1\.2 s\) +source 1\.2 s *\n/)
  assert.match(troubled.stdout, /s1 at 2026-01-02T03:04:05Z: image_failed: the file changed/)
  assert.is(empty.stdout, "no client is connected\n")
})

test("ps has no column for stuck faults while none is older than a second", async () => {
  const { sessionList } = debug.manager
  const young = { oldest_fault_age_ms: 900, oldest_fault_stuck_in: "source" as const }
  sessionList[0] = { ...(sessionList[0] as (typeof sessionList)[number]), ...young }

  assert.not.match((await ask("ps")).stdout, /STUCK/)
})

test("stats prints totals and percentiles, and JSON when asked", async () => {
  const { stdout } = await ask("stats")
  const json = (await ask("stats", "--json")).json()

  assert.match(stdout, /^pagerd 0\.1\.0, pid \d+, serving, up 1 h 2 min\n/)
  assert.match(stdout, /\nfault service +8\.5 µs +21 µs +140 µs +12\.8 ms\n/)
  assert.match(stdout, /\nfill +210 µs +480 µs +2\.3 ms +9\.1 ms\n/)
  assert.match(stdout, /copied 180,000 \(703 MiB\) +zeroed 20,000 +continued 64,000 +poisoned 0/)
  assert.match(stdout, /\nregions +copy 1 +share 1 +cow 0\n/)
  assert.equal(json, debug.manager.stats())
})

test("image adds, lists and removes, with paths made absolute", async () => {
  const added = await ask("image", "add", "teams/blue", "./package.json")
  const listed = await ask("image", "ls")
  const json = (await ask("image", "ls", "--json")).json()
  const images = structuredClone(debug.manager.images())
  const removed = await ask("image", "rm", "teams/blue", "--json")

  assert.is(added.stdout, `added teams/blue: 207 MiB from ${process.cwd()}/package.json\n`)
  assert.match(listed.stdout, /\nteams\/blue +ready +private +207 MiB/)
  assert.equal(json, images)
  assert.equal(removed.json(), { removed: "teams/blue" })
  assert.equal(
    debug.manager.imageList.map(({ name }) => name),
    ["model", "u1000/sqlite.db"],
  )
})

test("image adds writable images, and loads them at once or later", async () => {
  const { imageList } = debug.manager
  const loaded = await ask("image", "load", "u1000/sqlite.db")
  const added = await ask("image", "add", "board", "/board", "--writable", "--load", "--json")
  const listed = await ask("image", "ls")

  assert.is(loaded.stdout, "loaded u1000/sqlite.db: 207 MiB are resident\n")
  assert.equal(added.json(), imageList.at(-1))
  assert.is(imageList.at(-1)?.writable, true)
  assert.match(listed.stdout, /\nu1000\/sqlite\.db +resident +private /)
  assert.match(listed.stdout, /\nboard +resident +shared /)
})

test("image adds images for some users and groups alone", async () => {
  const { imageList } = debug.manager
  const uids = ["--allow-uid", "1000", "--allow-uid", "1001"]
  const added = await ask("image", "add", "plans", "/p", ...uids, "--allow-gid", "44", "--json")

  assert.equal(added.json(), imageList.at(-1))
  assert.equal(imageList.at(-1)?.allow_uids, [1000, 1001])
  assert.equal(imageList.at(-1)?.allow_gids, [44])
})

test("a long load says on stderr how far it is", async () => {
  const { manager } = debug
  const load = manager.loadImage.bind(manager)
  let release = () => {}
  manager.loadImage = async (name) => {
    await new Promise<void>((resolve) => {
      release = resolve
    })
    return load(name)
  }

  const run = await runPagerd(["image", "load", "model", "--debug-socket", debug.path], {
    during: (child) => child.stderr?.once("data", () => release()),
  })

  assert.is(run.code, 0)
  assert.match(run.stderr, /^loading model: 67 MiB of 207 MiB, 32 %\n/)
  assert.is(run.stdout, "loaded model: 207 MiB are resident\n")
})

test("a URL reaches the manager as it was typed", async () => {
  await ask("image", "add", "remote", "https://example.com/a//b?c=../d")

  assert.is(debug.manager.imageList.at(-1)?.source, "https://example.com/a//b?c=../d")
})

test("what the manager refuses is told with its code, and exits with 1", async () => {
  const plain = await runPagerd(["image", "rm", "none", "--debug-socket", debug.path])
  const json = await runPagerd(["image", "rm", "none", "--json", "--debug-socket", debug.path])

  assert.is(plain.code, 1)
  assert.is(plain.stderr, "pagerd: There is no image none\n")
  assert.is(json.code, 1)
  assert.equal(JSON.parse(json.stderr), {
    error: { code: "unknown_image", message: "There is no image none" },
  })
})

test("the environment names the socket where no flag does", async () => {
  const run = await runPagerd(["ps"], { env: { PAGERD_DEBUG_SOCKET: debug.path } })

  assert.is(run.code, 0)
  assert.match(run.stdout, /^ID/)
})

test.run()
