import { spawn } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { pino } from "pino"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { ServiceWatchdog, watchdogIntervalMs } from "../../manager/cli/serve/service_watchdog.js"
import { compileProgram } from "../harness/compiled.js"
import { type Manager, startManager } from "../harness/manager.js"
import { OwnedProcess } from "../harness/owned_process.js"
import { repository } from "../harness/repository.js"
import { retryUntil } from "../harness/retry.js"
import { scratchDirectory } from "../harness/scratch.js"

const budgetMs = 20_000

/** What systemd would hear. */
async function startReceiver(): Promise<{ path: string; receiver: OwnedProcess }> {
  const path = join(scratchDirectory(), "notify.sock")
  const program = compileProgram(join(repository, "test/cli/notice_receiver.c"))
  const receiver = new OwnedProcess("receiver", spawn(program, [path]))
  await retryUntil("the receiver", budgetMs, () => receiver.stdout.startsWith("bound\n"))
  return { path, receiver }
}

const beats = (receiver: OwnedProcess) => receiver.stdout.split("WATCHDOG=1").length - 1

function threadsOf({ pid }: Manager, name: string): string[] {
  const tasks = `/proc/${pid}/task`
  return readdirSync(tasks).filter((task) => {
    return readFileSync(join(tasks, task, "comm"), "utf8").trim() === name
  })
}

async function stop(threads: readonly string[]): Promise<OwnedProcess> {
  const program = compileProgram(join(repository, "test/cli/thread_stopper.c"))
  const stopper = new OwnedProcess("stopper", spawn(program, threads))
  await retryUntil("stopped threads", budgetMs, () => stopper.stdout === "stopped\n")
  return stopper
}

test("a stuck fault thread silences it and is logged; once it goes on it is heard", async () => {
  const { path, receiver } = await startReceiver()
  const env = { NOTIFY_SOCKET: path, WATCHDOG_USEC: "100000" }
  const manager = await startManager({ env, args: ["--threads", "2"] })
  await retryUntil("three beats", budgetMs, () => beats(receiver) >= 3)

  const [first = ""] = threadsOf(manager, "pagerd-fault")
  const stopper = await stop([first])
  const complaints = () => manager.stderr.split("fault threads do not answer").length - 1
  await retryUntil("two complaints", budgetMs, () => complaints() >= 2)
  const heard = beats(receiver)
  const complained = complaints()
  await retryUntil("three more", budgetMs, () => complaints() >= complained + 3)
  assert.is(beats(receiver), heard, "nothing was said meanwhile")
  await stopper.kill()

  await retryUntil("beats again", budgetMs, () => beats(receiver) > heard)
  await manager.stop()
  await receiver.kill()
})

test("every thread has to answer since the last time", () => {
  const said: string[] = []
  const pulses = [
    [0, 0],
    [1, 1],
    [2, 1],
    [3, 2],
  ]
  const watchdog = new ServiceWatchdog(
    () => pulses.shift() ?? [],
    (text) => said.push(text),
    pino({ level: "silent" }),
  )

  for (let times = 0; times < 4; times += 1) watchdog.check()

  assert.is(said.length, 3)
})

test("it is told twice within the time that systemd sets, if it means this process", () => {
  assert.is(watchdogIntervalMs({ WATCHDOG_USEC: "60000000" }, 7), 30_000)
  assert.is(watchdogIntervalMs({ WATCHDOG_USEC: "60000000", WATCHDOG_PID: "7" }, 7), 30_000)
  assert.is(watchdogIntervalMs({ WATCHDOG_USEC: "60000000", WATCHDOG_PID: "8" }, 7), undefined)
  assert.is(watchdogIntervalMs({ WATCHDOG_USEC: "soon" }, 7), undefined)
  assert.is(watchdogIntervalMs({ WATCHDOG_USEC: "10" }, 7), 1)
  assert.is(watchdogIntervalMs({}, 7), undefined)
})

test.run()
