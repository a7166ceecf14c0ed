import { closeSync, openSync } from "node:fs"
import { test } from "uvu"
import * as assert from "uvu/assert"
import type { ConfigInput } from "../../manager/config.js"
import { GatedSource } from "../harness/gated_source.js"
import { patternFile } from "../harness/pattern.js"
import { retryUntil } from "../harness/retry.js"
import { skipLoudly } from "../harness/skip.js"
import { isRoot, nobody } from "../harness/user.js"
import { asUser } from "./as_user.js"
import { openUserfaultfd, registeredMemory } from "./own_memory.js"
import { RawClient } from "./raw_client.js"
import { serveInTest } from "./serving.js"

const page = 4096
const own = process.getuid?.() ?? -1
const hello = { type: "hello", version: 1, client: "raw", want_device: false }

/** Every read of it waits, so that what wants its bytes stays under way. */
async function serveSlowly(limits: ConfigInput["limits"]) {
  const source = new GatedSource(16 * page, 1)
  const manager = await serveInTest({ images: { model: source }, config: { limits } })
  return { source, manager }
}

const serveWith = (limits: ConfigInput["limits"]) =>
  serveInTest({ images: { model: patternFile(16 * page, 1) }, config: { limits } })

/** A client that maps pages of its own memory, one region a page. */
class PageClient {
  readonly raw: RawClient
  private readonly userfaultfd = openUserfaultfd()
  private readonly memory = registeredMemory(this.userfaultfd, 16 * page)
  private mapped = 0

  constructor(raw: RawClient) {
    this.raw = raw
  }

  map(image = "model", pages = 1): void {
    const address = this.memory + BigInt(this.mapped * page)
    const range = { address, length_bytes: pages * page, offset_bytes: 0, window_bytes: 0 }
    const descriptors = this.mapped === 0 ? [this.userfaultfd] : []
    this.raw.request({ type: "map", image, mode: "copy", ...range }, descriptors)
    this.mapped += pages
  }

  close(): void {
    this.raw.close()
    closeSync(this.userfaultfd)
  }
}

async function pageClient(socket: string, uid = own): Promise<PageClient> {
  const raw = uid === own ? new RawClient(socket) : asUser({ uid }, () => new RawClient(socket))
  await raw.greet()
  return new PageClient(raw)
}

const cases: [string, ConfigInput["limits"], "too_many_regions" | "region_too_long", RegExp][] = [
  ["regions", { regionsPerUidMax: 3 }, "too_many_regions", /: this user has 3 regions, the most/],
  [
    "address space",
    { bytesPerUidMax: 3 * page },
    "region_too_long",
    /with it this user would have 16384 bytes, wanted at most 12288$/,
  ],
]

for (const [what, limits, code, sentence] of cases) {
  test(`${what}, until a session has ended`, async () => {
    const manager = await serveWith(limits)
    const one = await pageClient(manager.socket)
    const two = await pageClient(manager.socket)
    for (const client of [one, one, two]) {
      client.map()
      await client.raw.next("mapped")
    }

    two.map()
    assert.match(await two.raw.nextError(code), sentence)
    one.close()
    await retryUntil("one session", 5_000, () => manager.inspect.sessions().length === 1)
    two.map()
    await two.raw.next("mapped")

    two.close()
    await manager.close()
  })
}

test("another user has limits of their own", async () => {
  if (!isRoot) {
    skipLoudly("root", "two users are needed")
    return
  }
  const manager = await serveWith({ regionsPerUidMax: 1 })
  const one = await pageClient(manager.socket)
  const other = await pageClient(manager.socket, nobody)

  for (const client of [one, other]) {
    client.map()
    await client.raw.next("mapped")
  }

  one.close()
  other.close()
  await manager.close()
})

test("descriptors: three for a session, two for a published image", async () => {
  const manager = await serveWith({ descriptorsPerUidMax: 9 })
  const [one, two] = [new RawClient(manager.socket), new RawClient(manager.socket)]
  await one.greet()
  await two.greet()
  publish(one, "a")
  await one.next("published")

  publish(one, "b")
  const noImage = await one.nextError("busy")
  const refused = new RawClient(manager.socket)
  refused.send(hello)
  const noSession = await refused.nextError("too_many_sessions", 0)

  // What came with a publish may still be on its way to being closed.
  assert.match(
    noImage,
    /holds (?:[89]|10) descriptors for user \d+, wanted at most 9 with one more publ/,
  )
  assert.match(
    noSession,
    /holds (?:[89]|10) descriptors for user \d+, wanted at most 9 with one more sess/,
  )
  for (const client of [one, two, refused]) client.close()
  await manager.close()
})

test("prefaults and loads that are under way", async () => {
  const { manager, source } = await serveSlowly({ bulkRequestsPerUidMax: 2 })
  const clients = [await pageClient(manager.socket), await pageClient(manager.socket)] as const
  for (const client of clients) {
    client.map()
    await client.raw.next("mapped")
  }
  const [one, two] = clients
  const prefault = { type: "prefault", region: 1, offset_bytes: 0, length_bytes: page }
  one.raw.request(prefault)
  one.raw.request({ type: "load", image: "model" })
  const held = await source.nextRead()

  two.raw.request(prefault)
  const sentence = await two.raw.nextError("busy")
  held.release()
  source.open()
  const answers = [await one.raw.nextOfAny(), await one.raw.nextOfAny()]
  two.raw.request(prefault)
  await two.raw.next("prefaulted")

  assert.match(sentence, /^User \d+ has 2 prefaults and loads under way, the most that one user/)
  assert.equal(answers.map(({ type }) => type).toSorted(), ["loaded", "prefaulted"])
  for (const client of clients) client.close()
  await manager.close()
})

function publish(client: RawClient, image: string, pages = 4): void {
  const file = openSync(patternFile(pages * page, 3), "r")
  client.request({ type: "publish", image }, [file])
  closeSync(file)
}

test("the length of what they have published", async () => {
  const manager = await serveWith({ publishedBytesPerUidMax: 10 * page })
  const [one, two] = [new RawClient(manager.socket), new RawClient(manager.socket)]
  await one.greet()
  await two.greet()
  publish(one, "a")
  publish(two, "b")
  await one.next("published")
  await two.next("published")

  publish(two, "c")

  const sentence = await two.nextError("busy")
  const found = `with it user ${own} would have published 49152 bytes, wanted at most 40960`
  assert.is(sentence, `Cannot publish u${own}/c: ${found}`)
  assert.is(manager.inspect.images().length, 3)
  publish(two, "c", 2)
  await two.next("published")
  one.close()
  two.close()
  await manager.close()
})

test("what they have published counts as long as it is mapped, its name gone or not", async () => {
  const manager = await serveWith({ publishedImagesPerUidMax: 1 })
  const publisher = new RawClient(manager.socket)
  await publisher.greet()
  publish(publisher, "a")
  await publisher.next("published")
  const client = await pageClient(manager.socket)
  client.map(`u${own}/a`)
  await client.raw.next("mapped")
  publisher.close()
  await retryUntil("its name gone", 5_000, () => manager.inspect.images().length === 1)

  publish(client.raw, "b")

  assert.match(await client.raw.nextError("busy"), /has 1 published images, the most there may/)
  client.close()
  await manager.close()
})

test.run()
