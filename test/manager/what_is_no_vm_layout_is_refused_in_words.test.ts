import { test } from "uvu"
import * as assert from "uvu/assert"
import { parseHandshake } from "../../manager/dialects/firecracker/handshake.js"
import { JsonText, textBytesMax } from "../../manager/dialects/firecracker/json_text.js"
import { ClientError } from "../../manager/errors.js"

const range = { base_host_virt_addr: 4096 * 7, size: 8192, offset: 0 }
const ranges = (...fields: object[]) =>
  JSON.stringify(fields.map((some) => ({ ...range, ...some })))

function refusalOf(act: () => unknown): string {
  try {
    act()
  } catch (error) {
    if (error instanceof ClientError) return `${error.code}: ${error.message}`
    throw error
  }
  return "taken"
}

test("each version's page size is taken where it has one", () => {
  const pageBytesOf = (text: string) => {
    const handshake = parseHandshake(text)
    return handshake.kind === "attach" ? handshake.ranges.map(({ pageBytes }) => pageBytes) : []
  }
  assert.equal(pageBytesOf(ranges({})), [4096])
  assert.equal(pageBytesOf(ranges({ page_size_kib: 2097152 })), [2097152])
  assert.equal(pageBytesOf(ranges({ page_size: 4096, page_size_kib: 4 })), [4096])
})

test("a socket is kept by those who send a page_size", () => {
  const keeps = (text: string) => {
    const handshake = parseHandshake(text)
    return handshake.kind === "attach" && handshake.keepsSocket
  }
  assert.not(keeps(ranges({})))
  assert.not(keeps(ranges({ page_size_kib: 4096 })))
  assert.ok(keeps(ranges({ page_size_kib: 4096, page_size: 4096 })))
})

const wrong: readonly [string, RegExp][] = [
  ["{]", /^malformed_frame: The message is no JSON/],
  ["[]", /^malformed_frame: .*wanted \[\{"base_host_virt_addr"/],
  ['{"type":7}', /^malformed_frame/],
  [ranges({ size: 0 }), /^malformed_frame: .*0\.size/],
  [ranges({}, { offset: -1 }), /^malformed_frame: .*1\.offset/],
  [ranges({ base_host_virt_addr: "0x1000" }), /^malformed_frame: .*0\.base_host_virt_addr/],
  [ranges({ base_host_virt_addr: 2 ** 60 }), /^malformed_frame: .*0\.base_host_virt_addr/],
  [ranges({ page_size: 65536 }), /^unsupported_mode: .*65536 bytes, wanted 4096 or 2097152/],
  [`{"type":0,"regions":${ranges({})},"policy":0}`, /^unsupported_mode: .*policy 0, wanted 1/],
]

for (const [text, wanted] of wrong) {
  test(`${text.slice(0, 60)} is refused`, () => {
    assert.match(
      refusalOf(() => parseHandshake(text)),
      wanted,
    )
  })
}

test("a message ends where its JSON does, however it comes", () => {
  const message = ` ${ranges({ name: 'a ] " \\" } [' }, {})}`
  for (const step of [1, 2, 7, message.length]) {
    const text = new JsonText()
    const bytes = Buffer.from(`${message}rest`)
    let found: { text: string; rest: Uint8Array } | undefined
    let at = 0
    while (found === undefined) {
      found = text.push(bytes.subarray(at, at + step))
      at += step
    }
    assert.is(found.text, message)
    assert.is(`${Buffer.from(found.rest)}${bytes.subarray(at)}`, "rest")
    assert.not(text.isPartial)
  }
})

test("pieces are not kept: a message of one byte each costs no more than itself", () => {
  const text = new JsonText()
  const piece = Buffer.alloc(1)
  let found: { text: string } | undefined
  for (const byte of Buffer.from(ranges({}))) {
    piece[0] = byte
    found = text.push(piece)
  }
  assert.is(found?.text, ranges({}))
})

test("what cannot begin one is refused at once, and one without an end at a mebibyte", () => {
  assert.match(
    refusalOf(() => new JsonText().push(Buffer.from("GET / HTTP/1.1"))),
    /^malformed_frame: .*byte 0x47, wanted a JSON array or object/,
  )
  const text = new JsonText()
  const part = Buffer.alloc(4096, "[")
  const endless = () => {
    for (let bytes = 0; bytes <= textBytesMax; bytes += part.length) text.push(part)
  }
  assert.match(refusalOf(endless), /^oversized_frame: .*1048576 bytes/)
})

test.run()
