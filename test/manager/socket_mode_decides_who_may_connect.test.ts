import { execFileSync } from "node:child_process"
import { statSync } from "node:fs"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { skipLoudly } from "../harness/skip.js"
import { isRoot, nobody } from "../harness/user.js"
import { serveInTest } from "./serving.js"

const connect =
  "const s=require('net').connect(process.argv[1]);s.on('error',(e)=>{console.log(e.code)})"

/** EPROTOTYPE says that the socket may be connected to, by a client that speaks packets. */
const connectAsNobody = (path: string): string => {
  const user = isRoot ? { uid: nobody, gid: nobody } : {}
  return execFileSync(process.execPath, ["-e", connect, path], { ...user })
    .toString()
    .trim()
}

test("everybody, of a manager of root", async () => {
  if (!isRoot) {
    skipLoudly("root", "only a manager of root serves everybody by default")
    return
  }
  const manager = await serveInTest()

  assert.is(statSync(manager.socket).mode & 0o777, 0o666)
  assert.is(connectAsNobody(manager.socket), "EPROTOTYPE")
  await manager.close()
})

test("the owner alone, when it says so", async () => {
  const manager = await serveInTest({ config: { socketMode: 0o600 } })

  assert.is(statSync(manager.socket).mode & 0o777, 0o600)
  if (isRoot) assert.is(connectAsNobody(manager.socket), "EACCES")
  await manager.close()
})

test.run()
