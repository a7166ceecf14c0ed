import fc from "fast-check"
import { Packr } from "msgpackr"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { decodeClientMessage, MalformedFrame } from "../../protocol/codec.js"
import { clientMessage } from "../../protocol/messages.js"

const types = clientMessage.options.map((option) => option.shape.type.value)

/** Decodes, and lets through nothing but the two permitted ends. */
function decodesOrRefuses(frame: Uint8Array): boolean {
  try {
    return types.includes(decodeClientMessage(frame).type)
  } catch (error) {
    if (!(error instanceof MalformedFrame)) throw error
    return error.message.startsWith("Malformed")
  }
}

test("random bytes", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 512 }), decodesOrRefuses), { numRuns: 20_000 })
})

test("random values under the right field names, in msgpackr's own extensions too", () => {
  const extended = new Packr({ moreTypes: true, structuredClone: true })
  const plain = new Packr({ useRecords: false })
  const value = fc.oneof(fc.anything({ withDate: true, withBigInt: true }), fc.maxSafeNat())
  const fields = fc.record(
    {
      type: fc.oneof(fc.constantFrom(...types), fc.anything()),
      version: value,
      client: value,
      want_device: value,
      request: value,
      image: value,
      mode: value,
      modes: fc.oneof(fc.array(fc.constantFrom("copy", "share", "cow", "")), value),
      access: fc.oneof(fc.constantFrom("private", "shared"), value),
      image_id: value,
      address: value,
      length_bytes: value,
      offset_bytes: value,
      window_bytes: value,
      region: value,
    },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(fields, fc.constantFrom(extended, plain), (message, packr) =>
      decodesOrRefuses(packOrEmpty(packr, message)),
    ),
    { numRuns: 5_000 },
  )
})

test("a right frame with one byte changed", () => {
  const frame = new Packr({ useRecords: false }).pack({
    type: "map",
    request: 7,
    image: "model",
    mode: "copy",
    address: 0x7f12_3456_7000n,
    length_bytes: 1n << 40n,
    offset_bytes: 0,
    window_bytes: 65_536,
  })
  for (let at = 0; at < frame.length; at += 1) {
    for (let byte = 0; byte < 256; byte += 1) {
      const changed = Uint8Array.from(frame)
      changed[at] = byte
      assert.ok(decodesOrRefuses(changed))
    }
  }
})

test("arrays nested until a recursive decoder's stack is exhausted", () => {
  assert.ok(decodesOrRefuses(new Uint8Array(65_536).fill(0x91)))
  assert.ok(decodesOrRefuses(Uint8Array.from([0x81, 0xa1, 0x61, ...Array(60_000).fill(0x91)])))
})

/** Some values (symbols, odd bigints) cannot be packed at all. */
function packOrEmpty(packr: Packr, message: unknown): Uint8Array {
  try {
    return packr.pack(message)
  } catch {
    return new Uint8Array()
  }
}

test.run()
