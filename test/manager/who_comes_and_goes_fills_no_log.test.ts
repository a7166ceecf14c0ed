// Invariant 10.
import { test } from "uvu"
import * as assert from "uvu/assert"
import { RawClient } from "./raw_client.js"
import { serveInTest } from "./serving.js"

const visits = 600
/** Two for each visit otherwise, and a line about the refusal. */
const linesMax = 500

test("so many lines about one user in ten seconds, and the rest is counted", async () => {
  const manager = await serveInTest()
  const sessionLines = () => manager.logLines.filter(({ session }) => session !== undefined).length

  for (let visit = 0; visit < visits; visit += 1) {
    const client = new RawClient(manager.socket)
    await client.greet()
    client.send({ type: "unmap", request: 1, region: 1 })
    await client.nextError("unknown_region")
    client.close()
  }

  // A slow machine may have begun a second span.
  const lines = sessionLines()
  assert.ok(lines >= linesMax && lines <= 2 * linesMax, `${lines} lines of ${3 * visits}`)
  await manager.close()
})

test.run()
