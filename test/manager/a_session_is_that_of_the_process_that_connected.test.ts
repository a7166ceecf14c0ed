import { test } from "uvu"
import * as assert from "uvu/assert"
import type { SessionView } from "../../manager/view.js"
import { startHostileClient } from "../harness/hostile_client.js"
import { startManager } from "../harness/manager.js"
import { isRunning } from "../harness/observed_process.js"
import { patternFile } from "../harness/pattern.js"
import { retryUntil } from "../harness/retry.js"
import { RawClient } from "./raw_client.js"
import { serveInTest } from "./serving.js"

test("whatever it says of itself", async () => {
  const manager = await serveInTest()
  const client = new RawClient(manager.socket)
  const claims = { pid: 1, uid: 4_242, gid: 4_242, session: "s1" }

  client.send({ type: "hello", version: 1, client: "raw", want_device: false, ...claims })
  await client.next("welcome")

  const [session] = manager.inspect.sessions()
  const { pid, uid } = session as SessionView
  assert.equal([pid, uid], [process.pid, process.getuid?.()])
  client.close()
  await manager.close()
})

test("and ends with it, though a child still has its socket and userfaultfd", async () => {
  const manager = await startManager({ images: { image: patternFile(4096, 1) } })
  const hostile = await startHostileClient(manager.socket)
  await hostile.order("arm", 0, 4096)
  await hostile.order("map", "image", 4096, 1)
  await manager.session(hostile.pid)

  const child = await hostile.order("leave_to_child")
  await retryUntil("the session's end", 10_000, async () => {
    return (await manager.debug.get<SessionView[]>("/v1/sessions")).length === 0
  })

  assert.ok(isRunning(child))
  process.kill(child, "SIGKILL")
  await manager.stop()
})

test.run()
