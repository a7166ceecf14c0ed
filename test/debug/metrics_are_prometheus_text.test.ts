import { test } from "uvu"
import * as assert from "uvu/assert"
import { type Family, parseExposition } from "./exposition_format.js"
import { type FakeDebugSocket, startFakeDebugSocket } from "./fake_debug_socket.js"

let debug: FakeDebugSocket
test.before.each(async () => {
  debug = await startFakeDebugSocket()
})
test.after.each(() => debug.close())

async function scrape(): Promise<Map<string, Family>> {
  const reply = await debug.ask("GET", "/metrics")
  assert.is(reply.status, 200)
  assert.match(reply.headers["content-type"] ?? "", /^text\/plain; version=0\.0\.4/)
  return parseExposition(reply.text)
}

/** The value of the one series with these labels. */
function value(families: Map<string, Family>, name: string, labels = {}): number {
  const samples = families.get(name)?.samples ?? []
  const wanted = JSON.stringify(labels)
  const found = samples.filter((sample) => JSON.stringify(sample.labels) === wanted)
  assert.is(found.length, 1, `${name}${wanted}`)
  return found[0]?.value ?? Number.NaN
}

test("every figure is there, in seconds and bytes", async () => {
  const { sessionList } = debug.manager
  sessionList.push({ ...debug.manager.sessions()[0], oldest_pending_fault_ms: 1_500 } as never)
  const families = await scrape()

  assert.is(value(families, "pagerd_faults_total", { kind: "missing" }), 12_345)
  assert.is(value(families, "pagerd_fault_outcomes_total", { outcome: "deferred" }), 40)
  assert.is(value(families, "pagerd_sessions"), 2)
  assert.is(value(families, "pagerd_regions"), 2)
  assert.is(value(families, "pagerd_regions_by_mode", { mode: "share" }), 1)
  assert.is(value(families, "pagerd_regions_by_mode", { mode: "cow" }), 0)
  assert.is(value(families, "pagerd_pages_continued_total"), 64_000)
  assert.is(value(families, "pagerd_image_fully_resident", { image: "model" }), 0)
  assert.is(value(families, "pagerd_images"), 2)
  assert.is(value(families, "pagerd_image_resident_bytes", { image: "model" }), 64 * 2 ** 20)
  assert.is(value(families, "pagerd_image_read_bytes_total", { image: "model" }), 61 * 2 ** 20)
  assert.is(value(families, "pagerd_fault_service_seconds", { quantile: "0.5" }), 8.5e-6)
  assert.is(value(families, "pagerd_fault_service_seconds", { quantile: "0.99" }), 140e-6)
  assert.is(value(families, "pagerd_fault_service_seconds", { quantile: "1" }), 0.0128)
  assert.is(value(families, "pagerd_oldest_pending_fault_seconds"), 1.5)
  assert.is(value(families, "pagerd_watchdog_stuck_faults_total", { stuck_in: "source" }), 3)
  assert.is(value(families, "pagerd_watchdog_stuck_faults_total", { stuck_in: "ioctl" }), 0)
  assert.is(value(families, "pagerd_watchdog_wakes_total"), 17)
  assert.is(value(families, "pagerd_watchdog_given_up_total"), 2)
  assert.is(value(families, "pagerd_watchdog_clients_killed_total"), 1)
  assert.is(value(families, "pagerd_watchdog_faults_forgotten_total"), 4)
  assert.is(value(families, "pagerd_watchdog_watch_retries_total"), 5)
  assert.is(value(families, "pagerd_pages_poisoned_total"), 0)
  assert.is(value(families, "process_open_fds"), 41)
  assert.is(value(families, "process_resident_memory_bytes"), 96 * 2 ** 20)
  assert.is(families.get("pagerd_build_info")?.samples[0]?.labels.version, "0.1.0")
})

test("a fault that nobody has read yet can be the oldest", async () => {
  const { sessionList } = debug.manager
  const unread = { oldest_fault_age_ms: 2_500, oldest_fault_stuck_in: "queue" }
  sessionList.push({ ...debug.manager.sessions()[0], ...unread } as never)

  assert.is(value(await scrape(), "pagerd_oldest_pending_fault_seconds"), 2.5)
})

test("counters show the snapshot's figure at every scrape, not a sum of scrapes", async () => {
  await Promise.all([scrape(), scrape()])

  assert.is(value(await scrape(), "pagerd_faults_total", { kind: "missing" }), 12_345)
})

test("a removed image takes its series along; names are escaped", async () => {
  debug.manager.imageList.splice(0, 2, { ...debug.manager.images()[0], name: 'a"b\\c\nd' } as never)

  const samples = (await scrape()).get("pagerd_image_resident_bytes")?.samples ?? []

  assert.equal(
    samples.map(({ labels }) => labels.image),
    ['a"b\\c\nd'],
  )
})

test("a manager without images or clients still gives well-formed text", async () => {
  debug.manager.imageList.length = 0
  debug.manager.sessionList.length = 0

  const families = await scrape()

  assert.is(value(families, "pagerd_images"), 0)
  assert.is(value(families, "pagerd_oldest_pending_fault_seconds"), 0)
})

test("the parser of this test refuses what is not the format", () => {
  const head = "# HELP a_total Text.\n# TYPE a_total counter\n"
  const malformed = [
    "a_total 1\n",
    "# TYPE a_total counter\na_total 1\n",
    `${head}b_total 1\n`,
    `${head}a_total one\n`,
    `${head}a_total 1\na_total 2\n`,
    `${head}a_total{x="1" 1\n`,
    `${head}a_total{quantile="1"} 1\n`,
    `${head}a_total 1`,
  ]
  for (const text of malformed) assert.throws(() => parseExposition(text), undefined, text)
  assert.is(parseExposition(`${head}a_total{x="1",y="2"} 1\n`).size, 1)
})

test.run()
