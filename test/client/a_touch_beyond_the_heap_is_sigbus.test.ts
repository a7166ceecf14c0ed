import { readFileSync } from "node:fs"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { startCClient } from "../harness/c_client.js"
import { startManager } from "../harness/manager.js"
import { patternFile } from "../harness/pattern.js"

const page = 4096
/** Ends within a page: the heap begins with the next. */
const imageBytes = 10 * page + 100
const image = "image"
const heapStart = 11 * page
const reserveBytes = 64 * page

for (const mode of ["copy", "share", "cow"] as const) {
  test(`in mode ${mode} what is within grows, shrinks, and begins as zeros`, async () => {
    const manager = await startManager({ images: { image: patternFile(imageBytes, 11) } })
    const client = await startCClient(manager.socket)
    if (mode === "cow") await client.load(image)
    const region = await client.map(image, { mode, reserveBytes })
    assert.is(await client.length(region), imageBytes)

    await client.grow(region, heapStart + 3 * page)
    assert.is(await client.length(region), heapStart + 3 * page)
    assert.is(await client.touch(region, heapStart, 3 * page, 1), 0)
    await client.writePattern(region, 12, heapStart, 3 * page)
    await client.grow(region, heapStart + page)
    await client.grow(region, heapStart + reserveBytes)
    assert.is(await client.verify(region, 12, heapStart, page), -1, "what was not cut off stays")
    assert.is(await client.touch(region, heapStart + page, reserveBytes - page, 1), 0)

    await client.grow(region, heapStart + page)
    const beyond = client.readByte(region, heapStart + page).catch(() => "died")
    assert.is((await client.ended()).signal, "SIGBUS")
    assert.is(await beyond, "died")
    await manager.stop()
  })
}

test("a length that cannot be is refused, and attached memory has no heap", async () => {
  const manager = await startManager({ images: { image: patternFile(imageBytes, 11) } })
  const client = await startCClient(manager.socket)
  const region = await client.map(image, { mode: "copy", reserveBytes })
  const plain = await client.map(image, { mode: "copy" })
  const refusal = (attempt: Promise<number>) =>
    attempt.then(
      () => undefined,
      (error) => error,
    )

  const tooShort = await refusal(client.grow(region, imageBytes - 1))
  const tooLong = await refusal(client.grow(region, heapStart + reserveBytes + 1))
  const without = await refusal(client.grow(plain, heapStart))
  const attached = await refusal(client.attach(image, 64 * page, { reserveBytes }))

  assert.is(tooShort?.code, "bad_argument")
  assert.match(tooShort?.message, /41059 bytes long, wanted 41060 .* to 307200/)
  assert.is(tooLong?.code, "bad_argument")
  assert.match(without?.message, /without reserve_bytes/)
  assert.is(attached?.code, "bad_argument")
  assert.is(await client.length(region), imageBytes)
  assert.is(await client.verify(region, 11, 0, 10 * page), -1)

  const heaps = () => readFileSync(`/proc/${client.pid}/maps`, "utf8").match(/pagerd-heap/g)
  assert.is(heaps()?.length, 1)
  await client.unmap(region)
  assert.is(heaps(), null, "the heap ends with its region")
  await client.stop()
  await manager.stop()
})

test.run()
