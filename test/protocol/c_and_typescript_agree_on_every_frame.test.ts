import { execFileSync } from "node:child_process"
import fc from "fast-check"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { decodeClientMessage, encodeManagerMessage } from "../../protocol/codec.js"
import { imageNameLengthMax } from "../../protocol/limits.js"
import type {
  ClientMessage,
  ErrorCode,
  ManagerMessage,
  OnDiscard,
  TakenMode,
} from "../../protocol/messages.js"
import { compileWithClient } from "../client/native_program.js"

const u64Max = (1n << 64n) - 1n
const longestName = "n".repeat(imageNameLengthMax)

/** What frame_agreement.cpp sends, in its order. */
const requests: ClientMessage[] = [
  { type: "hello", version: 1, client: "libpagerd/0.1.0", want_device: true, resumes: true },
  {
    type: "hello",
    version: 1,
    client: "libpagerd/0.1.0",
    want_device: true,
    resumes: true,
    // A name that is too long is cut.
    resumed_session: "s".repeat(64),
  },
  {
    type: "image",
    request: 1,
    image: "a",
    mode: "auto",
    modes: ["copy", "share", "cow"],
    access: "private",
  },
  {
    type: "image",
    request: 2,
    image: longestName,
    mode: "copy",
    modes: ["copy"],
    access: "shared",
  },
  { type: "load", request: 3, image: "model" },
  { type: "publish", request: 0x7f, image: longestName },
  {
    type: "map",
    request: 0x80,
    image: "model",
    mode: "auto",
    access: "private",
    image_id: 1,
    address: 0x7fff_ffff_f000n,
    length_bytes: 4096n,
    offset_bytes: 0n,
    window_bytes: 0,
  },
  {
    type: "map",
    request: 0xffff_ffff,
    image: longestName,
    mode: "share",
    access: "shared",
    image_id: 0xffff_ffff,
    address: u64Max,
    length_bytes: u64Max,
    offset_bytes: u64Max,
    window_bytes: 2 * 1024 * 1024,
  },
  {
    type: "map",
    request: 0x81,
    image: longestName,
    mode: "cow",
    access: "private",
    image_id: 7,
    address: 4096n,
    length_bytes: 4096n,
    offset_bytes: 0n,
    window_bytes: 0,
    region: 0xffff_ffff,
    image_key: "k".repeat(64),
  },
  {
    type: "map",
    request: 0x82,
    image: "model",
    mode: "copy",
    access: "private",
    image_id: 7,
    address: 4096n,
    length_bytes: 4096n,
    offset_bytes: 0n,
    window_bytes: 0,
    on_discard: "image",
  },
  {
    type: "prefault",
    request: 0x100,
    region: 0xffff_ffff,
    offset_bytes: 1n << 53n,
    length_bytes: (1n << 53n) + 1n,
  },
  { type: "reset", request: 0xffff, region: 1 },
  { type: "choose_discard", request: 0x1_0001, region: 3, on_discard: "zero" },
  { type: "unmap", request: 0x1_0000, region: 255 },
  { type: "bye", request: 256 },
]

/** Runs the C half on some frames. Line by line: its requests, then what it understood. */
function runClient(frames: readonly Uint8Array[]): { sent: string[]; understood: string[] } {
  const program = compileWithClient("frame_agreement.cpp", [
    "client/messages_encode.cpp",
    "client/messages_decode.cpp",
    "client/msgpack_read.cpp",
    "client/msgpack_write.cpp",
    "client/version.cpp",
    "sys/check.cpp",
    "sys/descriptor.cpp",
  ])
  const input = frames.map((frame) => `${Buffer.from(frame).toString("hex")}\n`).join("")
  const output = execFileSync(program, { input, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 })
  const lines = output.trimEnd().split("\n")
  return { sent: lines.slice(0, requests.length), understood: lines.slice(requests.length) }
}

/** The line frame_agreement.cpp prints for a message it understood. */
function lineOf(message: ManagerMessage): string {
  const fields = new Map<string, unknown>(Object.entries(message))
  const text = (name: string) => Buffer.from(String(fields.get(name) ?? "")).toString("hex")
  const texts = [
    ...["type", "session", "image", "image_key", "mode", "why", "on_discard", "code"],
    "message",
  ]
  const numbers = [
    ...["request", "region", "image_id", "version", "offset_bytes", "length_bytes"],
    ...["pages_installed", "regions_max", "resident_bytes"],
  ]
  return JSON.stringify({
    ...Object.fromEntries(texts.map((name) => [name, text(name)])),
    ...Object.fromEntries(numbers.map((name) => [name, String(fields.get(name) ?? 0)])),
    device: fields.get("device") ?? false,
    file: fields.get("file") ?? false,
  })
}

const request = fc.integer({ min: 0, max: 0xffff_ffff })
const region = fc.integer({ min: 1, max: 0xffff_ffff })
const u64 = fc.bigInt({ min: 0n, max: u64Max })
const text = fc.string({ unit: "grapheme", maxLength: 300 })
const mode = fc.constantFrom<TakenMode>("copy", "share", "cow")
const code = fc.constantFrom<ErrorCode>("busy", "unknown_image")

const answer: fc.Arbitrary<ManagerMessage> = fc.oneof(
  fc.record({
    type: fc.constant("welcome" as const),
    version: request,
    session: text,
    device: fc.boolean(),
    frame_bytes_max: request,
    regions_max: request,
  }),
  fc.record({
    type: fc.constant("image_found" as const),
    request,
    image: text,
    image_id: request,
    image_key: text,
    length_bytes: u64,
    mode,
    why: text,
    file: fc.boolean(),
  }),
  fc.record({ type: fc.constant("loaded" as const), request, image: text, resident_bytes: u64 }),
  fc.record({
    type: fc.constant("published" as const),
    request,
    image: text,
    length_bytes: u64,
  }),
  fc.record({ type: fc.constant("mapped" as const), request, region, mode, why: text }),
  fc.record({
    type: fc.constant("mapped" as const),
    request,
    region,
    mode,
    why: text,
    on_discard: fc.constantFrom<OnDiscard>("image", "zero"),
  }),
  fc.record({ type: fc.constant("prefaulted" as const), request, region, pages_installed: u64 }),
  fc.record({
    type: fc.constantFrom("reset_done" as const, "discard_chosen" as const, "unmapped" as const),
    request,
    region,
  }),
  fc.record({ type: fc.constant("goodbye" as const), request }),
  fc.record({ type: fc.constant("error" as const), request, code, message: text }),
  fc.record({
    type: fc.constant("poisoned" as const),
    region,
    offset_bytes: u64,
    length_bytes: u64,
    message: text,
  }),
)

test("the manager reads every request of libpagerd as it was meant", () => {
  const { sent } = runClient([])

  assert.equal(
    sent.map((line) => decodeClientMessage(Buffer.from(line, "hex"))),
    requests,
  )
})

test("libpagerd reads every message of the manager as it was meant", () => {
  const longest = { type: "error", request: 1, code: "busy", message: "w".repeat(60_000) } as const
  const messages = [longest, ...fc.sample(answer, { numRuns: 3_000, seed: 1 })]

  const { understood } = runClient(messages.map(encodeManagerMessage))

  assert.is(understood.length, messages.length)
  for (const [index, message] of messages.entries()) {
    assert.is(understood[index], lineOf(message))
  }
})

test("libpagerd passes over what a later manager may add, and refuses a frame that is cut", () => {
  const message = { type: "goodbye", request: 9 } as const
  const later = { ...message, news: { deep: [[{ er: [1, -1, null, 1.5] }], new Date(0)] } }
  const frame = encodeManagerMessage(message)

  const { understood } = runClient([
    encodeManagerMessage(later as ManagerMessage),
    frame.subarray(0, frame.length - 1),
    Buffer.concat([frame, frame]),
  ])

  assert.equal(understood, [lineOf(message), "malformed", "malformed"])
})

test.run()
