import { closeSync, openSync } from "node:fs"
import { test } from "uvu"
import * as assert from "uvu/assert"
import type { ErrorCode } from "../../protocol/messages.js"
import { patternFile } from "../harness/pattern.js"
import { features, openUserfaultfd, rawUserfaultfd, registeredMemory } from "./own_memory.js"
import { RawClient } from "./raw_client.js"
import { type Serving, serveInTest } from "./serving.js"

const page = 4096
const imagePages = 64
let manager: Serving
let client: RawClient
let userfaultfd: number
let memory: bigint

test.before(async () => {
  const limits = { regionsPerSessionMax: 2, bytesPerSessionMax: 32 * page }
  manager = await serveInTest({
    images: { model: patternFile(imagePages * page, 1) },
    config: { limits },
  })
})

test.after(() => manager.close())

test.before.each(async () => {
  client = new RawClient(manager.socket)
  userfaultfd = openUserfaultfd()
  memory = registeredMemory(userfaultfd, imagePages * page)
  await client.greet()
})

test.after.each(() => {
  client.close()
  closeSync(userfaultfd)
})

const mapOf = (fields: object) => ({
  type: "map",
  image: "model",
  mode: "auto",
  address: memory,
  length_bytes: 4 * page,
  offset_bytes: 0,
  window_bytes: 0,
  ...fields,
})

/** A right map still works, with the descriptor that came with the wrong one. */
async function mapsRightly(descriptors: number[] = []): Promise<void> {
  const request = client.request(mapOf({}), descriptors)
  const mapped = await client.next("mapped")
  assert.is(mapped.request, request)
  assert.is(mapped.mode, "copy")
}

const wrongFields: [ErrorCode, RegExp, () => object][] = [
  ["unknown_image", /no image "mode1"; it has model/, () => ({ image: "mode1" })],
  ["unknown_image", /its image_id is 1, and the map's is missing/, () => ({ mode: "share" })],
  ["unknown_image", /the map's is 7, ask/, () => ({ mode: "share", image_id: 7 })],
  ["not_resident", /0 of its 262144 bytes are resident, load/, () => ({ mode: "cow" })],
  ["unsupported_access", /not added as writable, wanted access/, () => ({ access: "shared" })],
  ["region_misaligned", /address is 0x\w+1, wanted a mul/, () => ({ address: memory + 1n })],
  ["region_misaligned", /length_bytes is 0x64, wanted a mul/, () => ({ length_bytes: 100 })],
  ["region_misaligned", /length_bytes is 0, wanted at least/, () => ({ length_bytes: 0 })],
  ["region_misaligned", /offset_bytes is 0x800, wanted a mul/, () => ({ offset_bytes: 2048 })],
  ["region_too_long", /wanted at most 17592186044416/, () => ({ length_bytes: 2n ** 45n })],
  ["region_too_long", /an end within the address/, () => ({ address: 2n ** 64n - 4096n })],
  [
    "region_too_long",
    /would have 135168 bytes, wanted at most/,
    () => ({ length_bytes: 33 * page }),
  ],
  ["region_beyond_image", /byte 274432 of image "model"/, () => ({ offset_bytes: 63 * page })],
]

for (const [code, sentence, fields] of wrongFields) {
  test(`${code}: ${sentence.source}`, async () => {
    const request = client.request(mapOf(fields()), [userfaultfd])

    assert.match(await client.nextError(code, request), sentence)
    await mapsRightly()
  })
}

test("region_overlap names the region that is there", async () => {
  await mapsRightly([userfaultfd])

  const address = memory + BigInt(3 * page)
  const request = client.request(mapOf({ address, offset_bytes: 8 * page }))

  const sentence = await client.nextError("region_overlap", request)
  assert.match(sentence, /it overlaps region 1 at 0x\w+ to 0x\w+/)
})

test("too_many_regions, until one has ended", async () => {
  await mapsRightly([userfaultfd])
  client.request(mapOf({ address: memory + BigInt(8 * page) }))
  const { region } = await client.next("mapped")

  const third = mapOf({ address: memory + BigInt(16 * page) })
  const refused = client.request(third)
  assert.match(await client.nextError("too_many_regions", refused), /has 2 regions, the most/)
  client.request({ type: "unmap", region })
  await client.next("unmapped")

  client.request(third)
  await client.next("mapped")
})

test("missing_descriptor, when the first map brings none", async () => {
  const request = client.request(mapOf({}))

  const sentence = await client.nextError("missing_descriptor", request)
  assert.match(sentence, /wanted a userfaultfd along with the session's first map/)
  await mapsRightly([userfaultfd])
})

test("not_userfaultfd names what came instead, and the next map may bring one", async () => {
  const file = openSync("/dev/null", "r")
  const request = client.request(mapOf({}), [file])
  closeSync(file)

  const sentence = await client.nextError("not_userfaultfd", request)
  assert.is(sentence, "The descriptor that came along is /dev/null, wanted a userfaultfd")
  await mapsRightly([userfaultfd])
})

test("unsupported_features: SIGBUS, and the next map may bring another", async () => {
  const refused = openUserfaultfd(features.sigbus)
  const request = client.request(mapOf({}), [refused])
  closeSync(refused)

  const sentence = await client.nextError("unsupported_features", request)
  assert.match(sentence, /features SIGBUS, wanted none/)
  await mapsRightly([userfaultfd])
})

test("region_overlap: a raw one, and memory that is of another", async () => {
  const raw = rawUserfaultfd()
  const request = client.request(mapOf({}), [raw])
  closeSync(raw)

  const sentence = await client.nextError("region_overlap", request)
  assert.match(
    sentence,
    /UFFDIO_REGISTER of .* failed with EBUSY, wanted memory of the client that/,
  )
})

const unknownRegions = [
  { type: "prefault", region: 7, offset_bytes: 0, length_bytes: page },
  { type: "reset", region: 7 },
  { type: "unmap", region: 7 },
]
for (const message of unknownRegions) {
  test(`unknown_region, of ${message.type}`, async () => {
    const request = client.request(message)

    assert.is(await client.nextError("unknown_region", request), "This session has no region 7")
    await mapsRightly([userfaultfd])
  })
}

test("prefault_failed, of a range beyond the region", async () => {
  await mapsRightly([userfaultfd])

  const range = { offset_bytes: 2 * page, length_bytes: 3 * page }
  const request = client.request({ type: "prefault", region: 1, ...range })

  const sentence = await client.nextError("prefault_failed", request)
  assert.match(sentence, /bytes 8192 to 20480 of region 1, wanted a range within its 16384/)
})

test.run()
