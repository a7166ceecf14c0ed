// Invariant 10.
import fc from "fast-check"
import { Packr } from "msgpackr"
import { test } from "uvu"
import { clientMessage } from "../../protocol/messages.js"
import { startManager } from "../harness/manager.js"
import { RawClient } from "./raw_client.js"

const types = clientMessage.options.map((option) => option.shape.type.value)
const packr = new Packr({ useRecords: false })
const number = fc.oneof(fc.nat(), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }))

/** Bytes at random, and messages with every field there and hardly one of them right. */
const frame = fc.oneof(
  fc.uint8Array({ maxLength: 256 }),
  fc
    .record({
      type: fc.constantFrom(...types),
      version: fc.constantFrom(0, 1, 2),
      client: fc.string({ maxLength: 70 }),
      want_device: fc.boolean(),
      request: fc.integer({ min: 1, max: 1000 }),
      image: fc.constantFrom("model", "none", "u0/x", ""),
      mode: fc.constantFrom("auto", "copy", "share"),
      address: number,
      length_bytes: number,
      offset_bytes: number,
      window_bytes: fc.constantFrom(0, 4096, 5000),
      region: fc.integer({ min: 0, max: 3 }),
    })
    .map((message) => packr.pack(message) as Uint8Array),
)

test("whatever comes, before or after hello, the next client is greeted", async () => {
  const manager = await startManager()

  const greetsAfter = async (frames: Uint8Array[], isGreeted: boolean) => {
    const hostile = new RawClient(manager.socket)
    if (isGreeted) await hostile.greet()
    for (const bytes of frames) {
      if (!hostile.trySend(bytes)) break
    }
    const client = new RawClient(manager.socket)
    await client.greet()
    client.close()
    hostile.close()
  }
  await fc.assert(
    fc.asyncProperty(fc.array(frame, { minLength: 1, maxLength: 20 }), fc.boolean(), greetsAfter),
    { numRuns: 400 },
  )

  await manager.stop()
})

test.run()
