import { Packr } from "msgpackr"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { decodeClientMessage, MalformedFrame } from "../../protocol/codec.js"

const packr = new Packr({ useRecords: false })
const map = {
  type: "map",
  request: 7,
  image: "model",
  mode: "copy",
  address: 4096,
  length_bytes: 4096,
  offset_bytes: 0,
  window_bytes: 0,
}

function refusalOf(frame: Uint8Array): MalformedFrame {
  try {
    decodeClientMessage(frame)
  } catch (error) {
    if (error instanceof MalformedFrame) return error
    throw error
  }
  throw new Error("the frame was not refused")
}

const wrongFields = [
  [{ mode: "swap" }, 'field "mode" is "swap", wanted one of auto, copy, share, cow'],
  [{ address: -4096 }, 'field "address" is -4096, wanted at least 0'],
  [{ address: 0.5 }, 'field "address" is 0.5, wanted a whole number'],
  [{ length_bytes: "all" }, 'field "length_bytes" is "all", wanted a whole number'],
  [{ window_bytes: 5000 }, 'field "window_bytes" is 5000, but window_bytes is a power of two'],
  [{ window_bytes: 100 }, 'field "window_bytes" is 100, wanted at least 4096'],
  [{ image: "../x" }, 'field "image" is "../x", but an image name is letters, digits and . _ / -'],
  [{ image: true }, 'field "image" is true, wanted a string'],
] as const

for (const [field, sentence] of wrongFields) {
  test(`a map with ${JSON.stringify(field)}`, () => {
    const refusal = refusalOf(packr.pack({ ...map, ...field }))

    assert.is(refusal.message, `Malformed "map": ${sentence}`)
    assert.is(refusal.request, 7)
  })
}

test("a field that is missing", () => {
  const { offset_bytes: _, ...rest } = map

  const refusal = refusalOf(packr.pack(rest))

  assert.is(
    refusal.message,
    'Malformed "map": field "offset_bytes" is missing, wanted a whole number',
  )
})

test("an unknown type", () => {
  const refusal = refusalOf(packr.pack({ type: "steal" }))

  assert.match(refusal.message, /is "steal", wanted one of hello, image, load, publish, map/)
})

const wrongModes = [
  [["copy", "swap"], 'field "modes.1" is "swap", wanted one of copy, share, cow'],
  [[], 'field "modes" is a list of 0, wanted at least 1'],
  [["cow", "cow", "cow", "cow"], 'field "modes" is a list of 4, wanted at most 3 elements'],
  ["copy", 'field "modes" is "copy", wanted a list'],
] as const

for (const [modes, sentence] of wrongModes) {
  test(`an image with modes ${JSON.stringify(modes)}`, () => {
    const refusal = refusalOf(packr.pack({ type: "image", request: 7, image: "model", modes }))

    assert.is(refusal.message, `Malformed "image": ${sentence}`)
    assert.is(refusal.request, 7)
  })
}

test("an image with modes that are there", () => {
  const image = { type: "image", request: 7, image: "model", modes: ["share", "cow"] }

  assert.equal(decodeClientMessage(packr.pack(image)), image)
})

const misshapes = [
  [packr.pack([1, 2]), "it begins with byte 0x92, wanted a msgpack map"],
  [Uint8Array.of(0xc1), "it begins with byte 0xc1, wanted a msgpack map"],
  [new Uint8Array(), "it ends after 0 bytes, in the middle"],
  [packr.pack(map).subarray(0, 20), "it ends after 20 bytes, in the middle"],
  [Uint8Array.of(0x80, 0x00, 0x00), "2 bytes follow its end"],
  [Uint8Array.of(0x81, 0xa1, 0xff, 0x00), "a field's name is no valid UTF-8"],
  [packr.pack({ a: { b: 1 } }), 'field "a" is a map, wanted a string, a number, a boolean or a'],
  [packr.pack({ a: [1] }), 'an element of field "a" is a number, wanted a string'],
  [packr.pack({ a: [["copy"]] }), 'an element of field "a" is an array, wanted a string'],
  [packr.pack({ a: Array(17).fill("") }), 'field "a" is a list of 17, wanted at most 16'],
  [
    Uint8Array.of(0x81, 0xa1, 0x61, 0xdd, 0xff, 0xff, 0xff, 0xff),
    'field "a" is a list of 4294967295',
  ],
  [Uint8Array.of(0x81, 0xa1, 0x61, 0xd4, 0x72, 0x40), 'field "a" is an extension type, wanted'],
  [Uint8Array.of(0x82, 0xa1, 0x61, 0x00, 0xa1, 0x61, 0x00), 'field "a" is there twice'],
] as const

for (const [frame, sentence] of misshapes) {
  test(`a frame of which ${sentence}`, () => {
    const refusal = refusalOf(frame)

    assert.ok(refusal.message.startsWith(`Malformed frame: ${sentence}`), refusal.message)
    assert.is(refusal.request, 0)
  })
}

test.run()
