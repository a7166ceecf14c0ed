// Invariant 9.
import { test } from "uvu"
import * as assert from "uvu/assert"
import type { ConfigInput } from "../../manager/config.js"
import { descriptorTargets } from "../harness/observed_process.js"
import { patternFile } from "../harness/pattern.js"
import { retryUntil } from "../harness/retry.js"
import { skipLoudly } from "../harness/skip.js"
import { isRoot, nobody } from "../harness/user.js"
import { serveInTest } from "../manager/serving.js"
import { ResumingClient } from "./resuming.js"

const page = 4096
const sixteenTebibytes = 2n ** 44n

const serveWith = (limits: ConfigInput["limits"]) =>
  serveInTest({ images: { model: patternFile(4 * page, 1) }, config: { limits } })

/** Images that this process, manager and all, holds the memory of. */
const memories = () =>
  descriptorTargets(process.pid).filter(({ target }) => target.startsWith("/memfd:pagerd-image"))
    .length

async function greeted(socket: string, uid?: number): Promise<ResumingClient> {
  const client = new ResumingClient(socket, uid === undefined ? undefined : { uid })
  await client.raw.greet()
  return client
}

/** An image that no manager has ever had. */
const madeUp = (number: number) => ({
  image: `made-up-${number}`,
  imageId: 1_000_000 + number,
  imageKey: `key-${number}`,
})

test("made-up images: so many for one user, others have theirs, and all go with him", async () => {
  const manager = await serveWith({ awaitedImagesPerUidMax: 3 })
  const before = memories()
  const client = await greeted(manager.socket)

  for (let number = 0; number < 3; number += 1) {
    client.claim(madeUp(number))
    await client.raw.next("mapped")
  }
  client.claim(madeUp(3))
  const sentence = await client.raw.nextError("unknown_image")

  assert.match(sentence, /cannot wait for it: user \d+ waits for 3 others, the most there may be$/)
  assert.is(memories(), before + 3)
  if (isRoot) {
    const other = await greeted(manager.socket, nobody)
    other.claim(madeUp(3))
    await other.raw.next("mapped")
    other.close()
  } else skipLoudly("root", "two users are needed")
  client.close()
  await retryUntil("the memory of before", 5_000, () => memories() === before)
  const next = await greeted(manager.socket)
  next.claim(madeUp(4))
  await next.raw.next("mapped")
  next.close()
  await manager.close()
})

test("address space of the manager: terabytes are refused before anything is made", async () => {
  const manager = await serveWith({ publishedBytesPerUidMax: 2 ** 30 })
  const before = memories()
  const client = await greeted(manager.socket)

  for (let number = 0; number < 20; number += 1) {
    client.claim({ ...madeUp(number), lengthBytes: sixteenTebibytes })
    assert.match(await client.raw.nextError("unknown_image"), /wanted at most 1073741824$/)
  }

  assert.is(memories(), before)
  client.close()
  await manager.close()
})

test("what is refused for another reason leaves nothing", async () => {
  const manager = await serveWith({ awaitedImagesPerUidMax: 3 })
  const before = memories()
  const client = await greeted(manager.socket)

  for (let number = 0; number < 10; number += 1) {
    client.claim({ ...madeUp(number), lengthBytes: 1n })
    await client.raw.nextError("region_misaligned")
  }

  await retryUntil("the memory of before", 5_000, () => memories() === before)
  client.claim(madeUp(0))
  await client.raw.next("mapped")
  client.close()
  await manager.close()
})

test.run()
