// Invariant 16.
import { test } from "uvu"
import * as assert from "uvu/assert"
import { patternFile } from "../harness/pattern.js"
import { features } from "../manager/own_memory.js"
import { serveInTest } from "../manager/serving.js"
import { identityOf, ResumingClient } from "./resuming.js"

const page = 4096

for (const [kind, asked, answer] of [
  ["with layout events is poison", features.eventRemove, /did to its memory is not known any more/],
  ["without them is the image", 0n, undefined],
] as const) {
  test(`what a client ${kind} when it resumes its region`, async () => {
    const manager = await serveInTest({ images: { model: patternFile(4 * page, 1) } })
    const client = new ResumingClient(manager.socket, undefined, asked)
    await client.raw.greet()
    client.claim({ ...(await identityOf(client.raw, "model")), region: 5 })
    await client.raw.next("mapped")

    client.raw.request({ type: "prefault", region: 5, offset_bytes: 0, length_bytes: page })

    if (answer === undefined) assert.is((await client.raw.next("prefaulted")).pages_installed, 1)
    else assert.match(await client.raw.nextError("prefault_failed"), answer)
    client.close()
    await manager.close()
  })
}

test.run()
