import { test } from "uvu"
import * as assert from "uvu/assert"
import type { PageSource } from "../../manager/index.js"
import type { ImageView } from "../../manager/view.js"
import { startCClient } from "../harness/c_client.js"
import { patternBytes } from "../harness/pattern.js"
import { serveSources } from "../harness/source_manager.js"

const page = 4096
const pages = 256
const seed = 141
const badPages = [5, 100, 101]
/** Nobody asks for anything but bad pages at times: that is no source that is down. */
const sources = { attemptsMax: 2, backoffMs: 1, breakerFailures: 1_000 }

/** Cannot give certain pages, nor anything that holds one. */
const source: PageSource = {
  length: pages * page,
  async read(offset, length) {
    const bad = badPages.find((each) => offset <= each * page && each * page < offset + length)
    if (bad !== undefined) throw new Error(`sector ${bad} is unreadable`)
    return patternBytes(seed, offset, length)
  },
}

test("clients that fault all around it get their bytes, in any mode", async () => {
  const manager = await serveSources({ worn: source }, { sources })
  for (const mode of ["copy", "share"] as const) {
    const clients = await Promise.all([1, 2, 3].map(() => startCClient(manager.socket)))
    await Promise.all(
      clients.map(async (client) => {
        const region = await client.map("worn", { mode })
        for (let number = 0; number < pages; number++) {
          if (badPages.includes(number)) continue
          assert.is(await client.verify(region, seed, number * page, page), -1)
        }
        // read(2) into a poisoned page fails with EFAULT, where touching it would end the process.
        for (const bad of badPages) {
          const read = client.readFileInto(region, bad * page, 16, "/proc/version")
          assert.is(await read.then(String, ({ code }) => code), "EFAULT")
        }
        await client.stop()
      }),
    )
  }
  const [image] = await manager.debug.get<ImageView[]>("/v1/images")
  assert.is(image?.resident_bytes, (pages - badPages.length) * page)
  await manager.stop()
})

test("a prefault installs all but that, and says how many it could not have", async () => {
  const manager = await serveSources({ worn: source }, { sources })
  const client = await startCClient(manager.socket)
  const region = await client.map("worn")

  const refusal = await client.prefault(region, 0, 0).then(String, String)

  assert.match(refusal, /3 pages could not be had: sector 5 is unreadable; 253 were installed/)
  assert.is(await client.verify(region, seed, 6 * page, 94 * page), -1)
  assert.is(await client.verify(region, seed, 102 * page, 154 * page), -1)
  await client.stop()
  await manager.stop()
})

test.run()
