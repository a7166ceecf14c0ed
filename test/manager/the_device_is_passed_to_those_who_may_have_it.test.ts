import { test } from "uvu"
import * as assert from "uvu/assert"
import type { ConfigInput } from "../../manager/index.js"
import { skipLoudly } from "../harness/skip.js"
import { isRoot } from "../harness/user.js"
import { RawClient } from "./raw_client.js"
import { serveInTest } from "./serving.js"

const uid = process.getuid?.() ?? -1
const cases: [string, ConfigInput["passDevice"], boolean, boolean][] = [
  ["everyone who wants it", "everyone", true, true],
  ["nobody who does not want it", "everyone", false, false],
  ["a user on the list", [uid], true, true],
  ["no user who is not on the list", [uid + 1], true, false],
  ["nobody when it says nobody", "nobody", true, false],
]

for (const [whom, passDevice, wantDevice, isPassed] of cases) {
  test(whom, async () => {
    if (!isRoot) {
      skipLoudly("root", "/dev/userfaultfd is root's")
      return
    }
    const manager = await serveInTest({ config: { passDevice } })
    const client = new RawClient(manager.socket)

    const welcome = await client.greet(wantDevice)

    assert.is(welcome.device, isPassed)
    assert.is(welcome.descriptorsReceived, isPassed ? 1 : 0)
    client.close()
    await manager.close()
  })
}

test.run()
