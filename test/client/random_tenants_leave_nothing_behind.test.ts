// Invariant 15.
import fc from "fast-check"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { type CClient, startCClient } from "../harness/c_client.js"
import { startManager } from "../harness/manager.js"
import { patternFile } from "../harness/pattern.js"

const page = 4096
const imagePages = 4096
const reservePages = 64
const seed = 71
/** Known zeros, which cost no memory and are no bytes of the file. */
const hole = { start: 1000, end: 1500 }

/** What a tenant may do to its pages. */
type Deed =
  | { readonly kind: "read" | "write" | "drop"; readonly page: number; readonly pages: number }
  | { readonly kind: "grow"; readonly pages: number }

const touched = (kind: "read" | "write" | "drop", pagesMax: number): fc.Arbitrary<Deed> =>
  fc.record({
    kind: fc.constant(kind),
    page: fc.nat(imagePages - pagesMax),
    pages: fc.integer({ min: 1, max: pagesMax }),
  })

/** Most tenants stay below the limit from which pages are dropped, some do not. */
const deed = fc.oneof(
  { weight: 4, arbitrary: touched("write", 8) },
  { weight: 1, arbitrary: touched("write", 2500) },
  { weight: 2, arbitrary: touched("read", 100) },
  { weight: 2, arbitrary: touched("drop", 20) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("grow" as const), pages: fc.nat(reservePages) }),
  },
)
const tenants = fc.array(fc.array(deed, { maxLength: 20 }), { minLength: 1, maxLength: 4 })

async function carryOut(client: CClient, region: number, done: Deed): Promise<void> {
  if (done.kind === "grow") {
    await client.grow(region, (imagePages + done.pages) * page)
    if (done.pages > 0) {
      await client.writePattern(region, 99, imagePages * page, done.pages * page)
    }
    return
  }
  const [offset, length] = [done.page * page, done.pages * page]
  if (done.kind === "write") await client.writePattern(region, 72, offset, length)
  else if (done.kind === "read") await client.touch(region, offset, length)
  else await client.advise(region, offset, length, "dontNeed")
}

async function checkAsNew(client: CClient, region: number): Promise<void> {
  const [holeStart, holeEnd] = [hole.start * page, hole.end * page]
  assert.is(await client.length(region), imagePages * page)
  assert.is(await client.verify(region, seed, 0, holeStart), -1, "before the hole")
  assert.is(await client.touch(region, holeStart, holeEnd - holeStart, 1), 0, "the hole")
  assert.is(await client.verify(region, seed, holeEnd, imagePages * page - holeEnd), -1, "behind")
  await client.grow(region, (imagePages + reservePages) * page)
  assert.is(await client.touch(region, imagePages * page, reservePages * page, 1), 0, "the heap")
}

for (const mode of ["copy", "share", "cow"] as const) {
  test(`in mode ${mode} the next one finds the image and an empty heap`, async () => {
    const holes = [{ offsetBytes: hole.start * page, lengthBytes: (hole.end - hole.start) * page }]
    const image = patternFile(imagePages * page, seed, { holes })
    const manager = await startManager({ images: { image } })
    const client = await startCClient(manager.socket)
    if (mode === "cow") await client.load("image")
    const reserveBytes = reservePages * page

    await fc.assert(
      fc.asyncProperty(tenants, async (all) => {
        const region = await client.map("image", { mode, reserveBytes })
        for (const deeds of all) {
          for (const one of deeds) await carryOut(client, region, one)
          await client.reset(region)
          await checkAsNew(client, region)
        }
        await client.unmap(region)
      }),
      { numRuns: 15, endOnFailure: true },
    )

    await client.stop()
    await manager.stop()
  })
}

test.run()
