import { test } from "uvu"
import * as assert from "uvu/assert"
import type { ClientMessage } from "../../protocol/messages.js"
import { patternFile } from "../harness/pattern.js"
import { skipLoudly } from "../harness/skip.js"
import { isRoot, nobody } from "../harness/user.js"
import { asUser, type User } from "./as_user.js"
import { openUserfaultfd, registeredMemory } from "./own_memory.js"
import { RawClient } from "./raw_client.js"
import { type Serving, serveInTest } from "./serving.js"

const lengthBytes = 16 * 4096
const group = 4_242
let manager: Serving

test.before(async () => {
  const source = patternFile(lengthBytes, 1)
  manager = await serveInTest({
    images: {
      open: source,
      "of/user": { source, allowUids: [nobody] },
      "of/group": { source, allowGids: [group] },
    },
  })
})

test.after(() => manager.close())

async function clientOf(user: User): Promise<RawClient> {
  const client = asUser(user, () => new RawClient(manager.socket))
  await client.greet()
  return client
}

const seenBy: [string, User, string][] = [
  ["the listed user", { uid: nobody }, "open, of/user"],
  ["a member of the listed group", { uid: 7, groups: [group] }, "open, of/group"],
  ["root", { uid: 0, gid: 0 }, "open, of/user, of/group"],
  ["anybody else", { uid: 7 }, "open"],
]

for (const [who, user, images] of seenBy) {
  test(`${who} is shown ${images}`, async () => {
    if (!isRoot) {
      skipLoudly("root", "several users are needed")
      return
    }
    const client = await clientOf(user)

    client.request({ type: "image", image: "none" })
    const sentence = await client.nextError("unknown_image")
    for (const image of images.split(", ")) {
      client.request({ type: "image", image })
      await client.next("image_found")
    }

    assert.is(sentence, `This manager has no image "none"; it has ${images}`)
    client.close()
  })
}

const range = { address: 0n, length_bytes: 4096n, offset_bytes: 0n, window_bytes: 0 }
const image = "of/user"
const waysToName: Extract<ClientMessage, { image: string }>[] = [
  { type: "image", request: 1, image, modes: ["copy", "share"] },
  { type: "load", request: 1, image },
  { type: "map", request: 1, image, mode: "copy", ...range } as never,
]

for (const message of waysToName) {
  test(`for others there is none that they could ${message.type}`, async () => {
    if (!isRoot) {
      skipLoudly("root", "several users are needed")
      return
    }
    const client = await clientOf({ uid: 7 })
    const userfaultfd = openUserfaultfd()
    const address = registeredMemory(userfaultfd, 4096)
    const isMap = message.type === "map"

    client.send({ ...message, ...(isMap && { address }) }, isMap ? [userfaultfd] : [])
    const sentence = await client.nextError("unknown_image", 1)

    assert.is(sentence, 'This manager has no image "of/user"; it has open')
    assert.is(manager.inspect.images().find(({ name }) => name === image)?.resident_bytes, 0)
    client.close()
  })
}

test("a rule also comes with an image that is added later, and is shown", async () => {
  const rule = { allowUids: [nobody], allowGids: [group] }
  await manager.inspect.addImage("later", patternFile(lengthBytes, 2), rule)

  const view = manager.inspect.images().find(({ name }) => name === "later")
  const open = manager.inspect.images().find(({ name }) => name === "open")

  assert.equal([view?.allow_uids, view?.allow_gids], [[nobody], [group]])
  assert.equal([open?.allow_uids, open?.allow_gids], [null, null])
  if (isRoot) {
    const client = await clientOf({ uid: 7 })
    client.request({ type: "image", image: "later" })
    assert.match(await client.nextError("unknown_image"), /no image "later"; it has open$/)
    client.close()
  }
  manager.inspect.removeImage("later")
})

test.run()
