// Invariant 16.
import { test } from "uvu"
import * as assert from "uvu/assert"
import type { RegionView, SessionView } from "../../manager/view.js"
import { protocolVersion } from "../../protocol/limits.js"
import { type Manager, startManager } from "../harness/manager.js"
import { patternBytes, patternFile } from "../harness/pattern.js"
import {
  discardMemory,
  features,
  memoryAt,
  openUserfaultfd,
  registeredMemory,
} from "../manager/own_memory.js"
import { RawClient } from "../manager/raw_client.js"
import { identityOf } from "./resuming.js"

const page = 4096
const pages = 16
const seed = 37
const images = { image: patternFile(pages * page, seed) }
const expected = patternBytes(seed, 0, pages * page)

const next = (manager: Manager): Promise<Manager> =>
  startManager({ images, directory: manager.paths.directory })

/** In this process, which goes on; the manager is another. */
class Comer {
  readonly userfaultfd = openUserfaultfd(features.eventRemove)
  readonly start = registeredMemory(this.userfaultfd, pages * page)
  readonly bytes = memoryAt(this.start, pages * page)
  private image: Awaited<ReturnType<typeof identityOf>> | undefined
  private hasBrought = false

  constructor(private readonly resumes: boolean) {}

  async connect({ socket }: Manager): Promise<RawClient> {
    const raw = new RawClient(socket)
    const hello = { type: "hello", version: protocolVersion, client: "test", want_device: false }
    raw.send({ ...hello, resumes: this.resumes })
    await raw.next("welcome")
    this.hasBrought = false
    return raw
  }

  /** Pages [from, to) as a new region, or as the one of that number that was served before. */
  async map(raw: RawClient, from: number, to: number, fields: object = {}): Promise<number> {
    this.ask(raw, from, to, fields)
    return (await raw.next("mapped")).region
  }

  ask(raw: RawClient, from: number, to: number, fields: object): void {
    const address = this.start + BigInt(from * page)
    const range = { address, length_bytes: (to - from) * page, offset_bytes: from * page }
    const map = { type: "map", image: "image", mode: "copy", window_bytes: page, ...range }
    raw.request({ ...map, ...fields }, this.hasBrought ? [] : [this.userfaultfd])
    this.hasBrought = true
  }

  async claimOf(raw: RawClient, region: number): Promise<object> {
    this.image ??= await identityOf(raw, "image")
    return { region, image_id: this.image.imageId, image_key: this.image.imageKey }
  }

  discard(from: number, count: number): void {
    discardMemory(this.start + BigInt(from * page), count * page)
  }

  expect(from: number, count: number, wanted: "image" | "zero"): void {
    const found = this.bytes.subarray(from * page, (from + count) * page)
    const image = expected.subarray(from * page, (from + count) * page)
    const right = wanted === "image" ? image : Buffer.alloc(count * page)
    assert.ok(found.equals(right), `${wanted} from page ${from}`)
  }
}

for (const resumes of [true, false]) {
  test(`a client that says resumes: ${resumes} and comes with its userfaultfd`, async () => {
    let manager = await startManager({ images })
    const comer = new Comer(resumes)
    const raw = await comer.connect(manager)
    const region = await comer.map(raw, 0, pages, { on_discard: "image" })
    comer.discard(0, 2)
    raw.request({ type: "choose_discard", region, on_discard: "zero" })
    await raw.next("discard_chosen")
    comer.expect(4, 2, "image")
    comer.discard(5, 3)
    // Served after what was read before it: the manager is not killed in the middle of that.
    comer.expect(5, 1, "zero")

    for (let generation = 0; generation < 2; generation += 1) {
      await manager.kill()
      manager = await next(manager)
      const again = await comer.connect(manager)
      const claim = await comer.claimOf(again, region)
      assert.is(await comer.map(again, 0, pages, claim), region)
      comer.discard(10 + generation, 1)

      const sessions = await manager.debug.get<SessionView[]>("/v1/sessions")
      assert.equal([sessions.length, sessions[0]?.adopted], [1, false])
      const regions = await manager.debug.get<RegionView[]>("/v1/regions")
      assert.equal([regions.length, regions[0]?.on_discard], [1, "zero"])
    }

    comer.expect(0, 5, "image")
    comer.expect(5, 3, "zero")
    comer.expect(8, 2, "image")
    comer.expect(10, 2, "zero")
    comer.expect(12, pages - 12, "image")
    await manager.stop()
  })
}

test("what it does not speak of again is gone, and its addresses are free", async () => {
  const first = await startManager({ images })
  const comer = new Comer(true)
  const raw = await comer.connect(first)
  const kept = await comer.map(raw, 0, 4)
  await comer.map(raw, 4, 8)
  comer.discard(0, 8)
  comer.expect(0, 1, "zero")
  await first.kill()

  const second = await next(first)
  const again = await comer.connect(second)
  await comer.map(again, 0, 4, await comer.claimOf(again, kept))
  const anew = await comer.map(again, 6, 12)

  assert.ok(anew > kept)
  comer.expect(0, 4, "zero")
  comer.expect(6, 6, "image")
  assert.is((await second.debug.get<RegionView[]>("/v1/regions")).length, 2)
  await second.stop()
})

test("a region that is claimed elsewhere than it is, is refused and stays", async () => {
  const first = await startManager({ images })
  const comer = new Comer(true)
  const region = await comer.map(await comer.connect(first), 0, 4)
  await first.kill()

  const second = await next(first)
  const again = await comer.connect(second)
  const claim = await comer.claimOf(again, region)
  comer.ask(again, 1, 5, claim)

  assert.match(await again.nextError("region_overlap"), /its address is 0x\w+, wanted 0x\w+000$/)
  assert.is(await comer.map(again, 0, 4, claim), region)
  comer.expect(0, 4, "image")
  await second.stop()
})

test.run()
