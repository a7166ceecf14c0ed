import { chmodSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { join } from "node:path"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { connect, PagerdError } from "../../client/index.js"
import { startCClient } from "../harness/c_client.js"
import { startManager } from "../harness/manager.js"
import { scratchDirectory } from "../harness/scratch.js"
import { skipLoudly } from "../harness/skip.js"
import { isRoot, nobody } from "../harness/user.js"

async function refusalAt(socket: string): Promise<PagerdError> {
  const refusal = await connect({ socket }).catch((error: unknown) => error)
  assert.instance(refusal, PagerdError)
  return refusal as PagerdError
}

test("no socket, no listener, another type of socket, a path that is too long", async () => {
  const directory = scratchDirectory()
  const at = (name: string) => join(directory, name)
  writeFileSync(at("file"), "")
  const stream = createServer().listen(at("stream"))
  await new Promise((resolve) => stream.once("listening", resolve))

  const missing = await refusalAt(at("missing"))
  const file = await refusalAt(at("file"))
  const ofOtherType = await refusalAt(at("stream"))
  const tooLong = await refusalAt(at("x".repeat(200)))
  stream.close()

  for (const { code } of [missing, file, ofOtherType, tooLong]) assert.is(code, "no_manager")
  const question = "Is `pagerd serve` running?"
  assert.is(missing.message, `No manager at ${at("missing")}: there is no such socket. ${question}`)
  assert.match(file.message, `${at("file")}: the socket is there, but nobody listens. ${question}`)
  assert.match(ofOtherType.message, "found a socket of another type, wanted SOCK_SEQPACKET")
  assert.match(tooLong.message, "the system takes up to 107")
})

test("a socket that this user may not use", async () => {
  if (!isRoot) return skipLoudly("root", "another user cannot be had")
  const manager = await startManager()
  chmodSync(manager.socket, 0o600)
  const client = await startCClient(undefined, nobody)

  const refusal = await client.connect(manager.socket).catch((error) => error)

  assert.is(refusal.code, "no_manager")
  assert.match(
    refusal.message,
    `No access to the manager at ${manager.socket}: this user (uid 65534)`,
  )
  await client.stop()
  await manager.stop()
})

test.run()
