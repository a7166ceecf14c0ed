import { test } from "uvu"
import * as assert from "uvu/assert"
import type { ImageView } from "../../manager/view.js"
import { type CClient, modes, startCClient } from "../harness/c_client.js"
import { startManager } from "../harness/manager.js"
import { patternFile } from "../harness/pattern.js"

const page = 4096
const imageBytes = 2 * 2 ** 20 + 8
const share = { mode: "share" } as const

test("three clients of one image, one that writes before it reads, one after", async () => {
  const manager = await startManager({ images: { image: patternFile(imageBytes, 1) } })
  const clients = await Promise.all([1, 2, 3].map(() => startCClient(manager.socket)))
  const [early, late, reader] = clients as [CClient, CClient, CClient]
  for (const client of clients) assert.is(await client.map("image", share), 1)
  assert.is(await early.mode(1), modes.share)

  // On pages whose bytes nobody has read yet: they are fetched first, and then written over.
  await early.writePattern(1, 2, 10 * page + 8, 20 * page)
  assert.is(await late.verify(1, 1, 0, imageBytes), -1)
  await late.writePattern(1, 3, 0, imageBytes)

  assert.is(await early.verify(1, 1, 0, 10 * page + 8), -1)
  assert.is(await early.verify(1, 2, 10 * page + 8, 20 * page), -1)
  assert.is(await early.verify(1, 1, 30 * page + 8, imageBytes - 30 * page - 8), -1)
  assert.is(await late.verify(1, 3, 0, imageBytes), -1)
  assert.is(await reader.verify(1, 1, 0, imageBytes), -1)
  const newcomer = await startCClient(manager.socket)
  const part = await newcomer.map("image", { ...share, offsetBytes: 8 * page })
  assert.is(await newcomer.verify(part, 1, 0, imageBytes - 8 * page, 8 * page), -1)
  const [image] = await manager.debug.get<ImageView[]>("/v1/images")
  assert.is(image?.bytes_read, imageBytes, "its source was read once")
  for (const client of [...clients, newcomer]) assert.is((await client.stop()).code, 0)
  await manager.stop()
})

test("a dead manager blocks whoever touches a page that is not shown yet", async () => {
  const manager = await startManager({ images: { image: patternFile(imageBytes, 1) } })
  const other = await startCClient(manager.socket)
  const client = await startCClient(manager.socket)
  const region = await client.map("image", { ...share, windowBytes: page })
  assert.is(await client.verify(region, 1, 0, page), -1)
  // Of the two pages behind it the file has one, shown to somebody else, and lacks the other.
  const elsewhere = await other.map("image", { ...share, windowBytes: page })
  assert.is(await other.verify(elsewhere, 1, page, page), -1)

  await manager.kill()

  assert.is(await client.verify(region, 1, 0, page), -1, "what is shown stays")
  // Each throws when the read returns instead.
  await client.parkFault(region, page)
  await other.parkFault(elsewhere, 2 * page)
  await Promise.all([client.kill(), other.kill()])
})

test.run()
