// Invariant 16.
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "uvu"
import * as assert from "uvu/assert"
import type { HostileClient } from "../harness/hostile_client.js"
import { layoutFeatures, startLayoutClient } from "../harness/layout_client.js"
import { type Manager, startManager } from "../harness/manager.js"
import { patternFile } from "../harness/pattern.js"
import { within } from "../harness/retry.js"

const page = 4096
const pages = 512
const seed = 29
const sigbus = 7
const images = { image: patternFile(pages * page, seed) }

const next = ({ paths }: Manager): Promise<Manager> =>
  startManager({ images, directory: paths.directory })

async function startClient({ socket }: Manager, features: number): Promise<HostileClient> {
  const client = await startLayoutClient(socket)
  await client.order("map", "image", pages, features)
  return client
}

const expectImage = async (client: HostileClient, first: number, count: number) =>
  assert.is(await client.order("verify", first, count, seed), -1, `image from page ${first}`)

const expectZeros = async (client: HostileClient, first: number, count: number) =>
  assert.is(await client.order("zero", first, count), -1, `zeros from page ${first}`)

for (const end of ["kill", "stop"] as const) {
  test(`what was discarded, unmapped, moved and grown is so after a ${end}`, async () => {
    const first = await startManager({ images })
    const client = await startClient(first, layoutFeatures.all)
    await expectImage(client, 0, 8)
    await client.order("remove", 3, 2)
    await client.order("remove", 64, 130)
    await client.order("unmap", 250, 6)
    await client.order("move", 300, 16, 0)
    await client.order("remove", 305, 3)
    await client.order("move", 480, 32, 8)
    await expectZeros(client, pages + 2, 1)

    await first[end]()
    const late = client.order("remove", 200, 4)
    const second = await next(first)
    assert.is(await late, 0)
    await client.order("remove", 330, 5)
    await second[end]()
    const third = await next(second)

    for (const [from, count] of [
      [3, 2],
      [64, 130],
      [200, 4],
      [305, 3],
      [330, 5],
      [pages, 8],
    ] as const) {
      await expectZeros(client, from, count)
    }
    for (const [from, to] of [
      [0, 3],
      [5, 64],
      [194, 200],
      [204, 250],
      [256, 305],
      [308, 330],
      [335, pages],
    ] as const) {
      await expectImage(client, from, to - from)
    }
    await client.kill()
    await third.stop()
  })
}

test("a forked child's memory is its own with every manager", async () => {
  let manager = await startManager({ images })
  const client = await startClient(manager, layoutFeatures.all)
  await client.order("remove", 10, 5)
  await client.order("fork")
  await client.order("remove", 20, 5)
  await client.order("move", 100, 16, 0)
  for (let generation = 0; generation < 2; generation += 1) {
    await manager.kill()
    manager = await next(manager)
  }

  await expectZeros(client, 10, 5)
  await expectZeros(client, 20, 5)
  await expectImage(client, 100, 16)
  assert.is(await client.order("exit"), 0)
  await expectZeros(client, 10, 5)
  await expectImage(client, 15, 50)
  await client.kill()
  await manager.stop()
})

test("where nobody knows any more what a client did, what it misses is poison", async () => {
  const first = await startManager({ images })
  const client = await startClient(first, layoutFeatures.all)
  await expectImage(client, 0, 1)
  await client.order("remove", 3, 2)
  await first.kill()
  killKeeper(first)

  // Nor does the second one know, which finds whatever the first has left.
  let manager = first
  for (let generation = 0; generation < 2; generation += 1) {
    manager = await next(manager)
    await expectImage(client, 0, 1)
    await client.order("fork")
    assert.is(await client.order("verify", 100, 1, seed), sigbus)
    await manager.kill()
  }
  await client.kill()
})

test("what was moved is SIGBUS where nobody knows of it any more", async () => {
  const first = await startManager({ images })
  const client = await startClient(first, layoutFeatures.all)
  await expectImage(client, 0, 8)
  await client.order("move", 300, 16, 0)
  killKeeper(first)
  await first.kill()

  // It will not live to answer.
  client.process.child.stdin?.write(`verify 305 1 ${seed}\n`)
  const second = await next(first)

  const { signal } = await within("its end", 10_000, client.process.ended())
  assert.is(signal, "SIGBUS")
  await second.stop()
})

function killKeeper({ paths }: Manager): void {
  const file = join(paths.stateDirectory, "keepers.json")
  const [newest] = JSON.parse(readFileSync(file, "utf8")) as { pid: number }[]
  process.kill(newest?.pid ?? 0, "SIGKILL")
}

test.run()
