import { test } from "uvu"
import * as assert from "uvu/assert"
import { skipLoudly } from "../harness/skip.js"
import { isRoot, nobody } from "../harness/user.js"
import { asUser, type User } from "./as_user.js"
import { RawClient } from "./raw_client.js"
import { serveInTest } from "./serving.js"

const group = 4_242
const other = 4_243
const hello = { type: "hello", version: 1, client: "raw", want_device: false }

const rules: [string, object, User, User][] = [
  ["by user", { allowUids: [nobody] }, { uid: nobody }, { uid: 0 }],
  ["by their own group", { allowGids: [group] }, { uid: 7, gid: group }, { uid: 7, gid: other }],
  [
    "by another group of theirs",
    { allowGids: [group] },
    { uid: 7, groups: [other, group] },
    { uid: 7, groups: [other] },
  ],
  [
    "by either list",
    { allowUids: [9], allowGids: [group] },
    { uid: 7, gid: group },
    { uid: 7, gid: other },
  ],
]

for (const [how, clients, listed, stranger] of rules) {
  test(how, async () => {
    if (!isRoot) {
      skipLoudly("root", "several users are needed")
      return
    }
    const manager = await serveInTest({ config: { clients } })
    const admitted = asUser(listed, () => new RawClient(manager.socket))
    const refused = asUser(stranger, () => new RawClient(manager.socket))

    await admitted.greet()
    refused.send(hello)
    const sentence = await refused.nextError("not_allowed", 0)
    await refused.untilEnded()

    const wanted = "wanted one that clients.allow_uids or clients.allow_gids lists"
    assert.is(sentence, `User ${stranger.uid} may not be a client here, ${wanted}`)
    assert.is(manager.inspect.sessions().length, 1)
    admitted.close()
    await manager.close()
  })
}

test("and an empty list is nobody", async () => {
  const manager = await serveInTest({ config: { clients: { allowUids: [] } } })
  const refused = new RawClient(manager.socket)

  await refused.nextError("not_allowed", 0)
  await refused.untilEnded()
  await manager.close()
})

test("who comes again and again is no flood of lines in the log", async () => {
  const manager = await serveInTest({ config: { clients: { allowUids: [] } } })

  for (let round = 0; round < 100; round += 1) {
    const refused = new RawClient(manager.socket)
    refused.send(hello)
    await refused.nextError("not_allowed", 0)
    refused.close()
  }

  const lines = manager.logLines.filter(({ code }) => code === "not_allowed")
  assert.ok(lines.length >= 20 && lines.length <= 40, `${lines.length} lines`)
  await manager.close()
})

test.run()
