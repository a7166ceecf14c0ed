import { chownSync, statSync, symlinkSync, writeFileSync } from "node:fs"
import { createServer, type Server } from "node:net"
import { join } from "node:path"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { loadNative } from "../../manager/engine/load.js"
import { scratchDirectory } from "../harness/scratch.js"
import { skipLoudly } from "../harness/skip.js"
import { isRoot, nobody } from "../harness/user.js"

/** What a user can put where root has just bound a socket, in a directory of that user's. */
const traps: Readonly<Record<string, (path: string, other: string) => void>> = {
  "a link to a file of ours": (path, other) => symlinkSync(other, path),
  "a hard file": (path) => writeFileSync(path, ""),
}

const native = loadNative()
const servers: Server[] = []

const test = suite()
test.after(() => {
  for (const server of servers) server.close()
})

/** A socket of ours that listens there. */
async function listenAt(path: string): Promise<void> {
  const server = createServer()
  servers.push(server)
  await new Promise<void>((resolve) => {
    server.listen(path, resolve)
  })
}

test("our own socket becomes the other user's", async () => {
  if (!isRoot) return skipLoudly("root", "nobody else may give files away")
  const path = join(scratchDirectory(), "vm.sock")
  await listenAt(path)

  native.giveSocket(path, nobody, nobody)

  const { uid, gid } = statSync(path)
  assert.equal([uid, gid], [nobody, nobody])
})

for (const [what, lay] of Object.entries(traps)) {
  test(`${what} in its place stays as it is`, () => {
    const directory = scratchDirectory()
    const [path, other] = [join(directory, "vm.sock"), join(directory, "other")]
    writeFileSync(other, "")
    const before = statSync(other).uid
    lay(path, other)

    assert.throws(() => native.giveSocket(path, nobody, nobody), /Cannot give .*vm.sock away/)

    assert.equal([statSync(path).uid, statSync(other).uid], [before, before])
  })
}

test("a link to a socket, and a socket of another user, stay as they are", async () => {
  if (!isRoot) return skipLoudly("root", "nobody else may give files away")
  const directory = scratchDirectory()
  const [link, ours, theirs] = ["link", "ours", "theirs"].map((name) => join(directory, name))
  await Promise.all([listenAt(ours as string), listenAt(theirs as string)])
  symlinkSync(ours as string, link as string)
  chownSync(theirs as string, 1, 1)

  for (const path of [link, theirs]) {
    assert.throws(() => native.giveSocket(path as string, nobody, nobody), /Cannot give/)
  }
  assert.equal([statSync(ours as string).uid, statSync(theirs as string).uid], [0, 1])
})

test.run()
