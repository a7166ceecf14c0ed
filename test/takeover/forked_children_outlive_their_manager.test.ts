// Invariant 16.
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "uvu"
import * as assert from "uvu/assert"
import type { SessionView } from "../../manager/view.js"
import type { HostileClient } from "../harness/hostile_client.js"
import { layoutFeatures, startLayoutClient } from "../harness/layout_client.js"
import { type Manager, startManager } from "../harness/manager.js"
import { faultWaiters } from "../harness/observed_process.js"
import { patternFile } from "../harness/pattern.js"
import { retryUntil } from "../harness/retry.js"

const page = 4096
const pages = 256
const seed = 23
const waitBudgetMs = 20_000
const images = { image: patternFile(pages * page, seed) }

async function startForked(manager: Manager): Promise<HostileClient> {
  const client = await startLayoutClient(manager.socket)
  await client.order("map", "image", pages, layoutFeatures.all)
  await client.order("verify", 0, 8, seed)
  await client.order("fork")
  await expectSessions(manager, ["s1", "s1.1"])
  return client
}

const next = ({ paths }: Manager): Promise<Manager> =>
  startManager({ images, directory: paths.directory })

function keeperOf({ paths }: Manager): number {
  const file = join(paths.stateDirectory, "keepers.json")
  const [newest] = JSON.parse(readFileSync(file, "utf8")) as { pid: number }[]
  return newest?.pid ?? 0
}

const hasEnded = (pid: number) =>
  retryUntil(`the end of ${pid}`, waitBudgetMs, () => !existsSync(`/proc/${pid}`))

async function expectSessions(manager: Manager, ids: readonly string[]): Promise<SessionView[]> {
  return retryUntil(`sessions ${ids.join(", ")}`, waitBudgetMs, async () => {
    const found = await manager.debug.get<SessionView[]>("/v1/sessions")
    return found.map(({ id }) => id).join() === ids.join() && found
  })
}

for (const end of ["kill", "stop"] as const) {
  test(`after a ${end} a forked child waits for the next manager, which has it`, async () => {
    const first = await startManager({ images })
    const client = await startForked(first)
    const keeper = keeperOf(first)
    await first[end]()

    assert.is(await client.order("verify", 0, 8, seed), -1, "what it has stays")
    const blocked = client.order("verify", 100, 1, seed)
    await retryUntil("the child's fault", waitBudgetMs, () => faultWaiters(keeper).total > 0)
    const second = await next(first)

    const [, child] = await expectSessions(second, ["s1", "s1.1"])
    assert.equal([child?.parent, child?.adopted, child?.resumed_from], ["s1", true, "s1.1"])
    assert.is(await blocked, -1)
    assert.is(await client.order("exit"), 0)
    await expectSessions(second, ["s1"])
    await hasEnded(keeper)
    await client.kill()
    await second.stop()
  })
}

test("a child is handed on from manager to manager", async () => {
  let manager = await startManager({ images })
  const client = await startForked(manager)
  for (let generation = 0; generation < 3; generation += 1) {
    await manager.kill()
    manager = await next(manager)
    await expectSessions(manager, ["s1", "s1.1"])
  }
  assert.is(await client.order("verify", 0, 8, seed), -1)
  assert.is(await client.order("verify", 100, 1, seed), -1)
  await client.kill()
  await expectSessions(manager, [])
  await manager.stop()
})

test("a keeper is small, and ends with the last of those it is for", async () => {
  const manager = await startManager({ images })
  const client = await startForked(manager)
  const keeper = keeperOf(manager)
  const status = readFileSync(`/proc/${keeper}/status`, "utf8")
  assert.is(readFileSync(`/proc/${keeper}/comm`, "utf8"), "pagerd-keeper\n")
  assert.ok(Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1]) < 8_192, status)
  assert.is(/^RssShmem:\s+(\d+) kB$/m.exec(status)?.[1], "0", status)

  await manager.kill()
  assert.ok(existsSync(`/proc/${keeper}`))
  assert.is(await client.order("exit"), 0)
  await client.kill()

  await hasEnded(keeper)
})

test.run()
