import { closeSync, openSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as pause } from "node:timers/promises"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { connect, type PagerdError } from "../../client/index.js"
import type { ManagerMessage } from "../../protocol/messages.js"
import { descriptorCount } from "../harness/observed_process.js"
import { scratchDirectory } from "../harness/scratch.js"
import {
  imageFound,
  type Reaction,
  type Script,
  ScriptedManager,
  welcome,
} from "./scripted_manager.js"

// No call waits for another manager.
process.env.PAGERD_WAIT_MS = "0"

const garbage = Buffer.from("HTTP/1.1 200 OK")
const failed = (error: PagerdError) => error

/** Connects to a manager with this script, maps an image twice, and says how each of it went. */
async function visit(script: Script, descriptors: readonly number[] = []): Promise<string[]> {
  const manager = new ScriptedManager(script, descriptors)
  try {
    const pager = await connect({ socket: manager.socket })
    const codes: string[] = []
    for (const _ of [1, 2]) {
      const region = await pager.map("image").catch(failed)
      codes.push("code" in region ? region.code : "mapped")
    }
    await pager.close()
    return codes
  } catch (error) {
    return [(error as PagerdError).code]
  } finally {
    manager.close()
  }
}

test("hello answered with anything but a welcome of this version", async () => {
  const refusal: ManagerMessage = { type: "error", request: 0, code: "draining", message: "Later" }
  const answers: [Reaction, string][] = [
    [garbage, "malformed_frame"],
    ["hang_up", "no_manager"],
    [{ ...welcome, version: 2 }, "wrong_version"],
    [{ type: "goodbye", request: 1 }, "wrong_version"],
    [refusal, "draining"],
  ]

  for (const [answer, code] of answers) assert.equal(await visit({ hello: () => [answer] }), [code])
})

test("a frame that cannot be read ends the session, and every call says so", async () => {
  const wrongKind = Buffer.from("82a474797065a5776f726c64a772657175657374a178", "hex")

  for (const frame of [garbage, wrongKind, Buffer.alloc(65_536, 0x91)]) {
    assert.equal(await visit({ image: () => [frame] }), ["malformed_frame", "malformed_frame"])
  }
})

test("a hang-up ends the session, with the manager's last words where it has some", async () => {
  const lastWords: ManagerMessage = {
    type: "error",
    request: 0,
    code: "too_many_sessions",
    message: "No room",
  }

  assert.equal(await visit({ image: () => ["hang_up"] }), ["manager_gone", "manager_gone"])
  assert.equal(await visit({ map: () => [lastWords, "hang_up"] }), [
    "too_many_sessions",
    "too_many_sessions",
  ])
})

test("answers of a wrong type, to nobody, or of unknown types leave the session be", async () => {
  const odd = (request: number): Reaction[] => [
    { type: "goodbye", request: 4_000_000_000 },
    { type: "news", request: 0 } as unknown as ManagerMessage,
    { type: "unmapped", request, region: 1 },
  ]

  assert.equal(await visit({ image: odd }), ["unexpected_message", "unexpected_message"])
})

test("lengths and modes that make no sense are refused", async () => {
  const found = (length_bytes: bigint) => (request: number) => [
    { ...imageFound, request, length_bytes } as const,
  ]
  const shared = (request: number): Reaction[] => [
    { type: "mapped", request, region: 1, mode: "share", why: "" },
  ]

  assert.equal(await visit({ image: found((1n << 64n) - 1n) }), [
    "region_too_long",
    "region_too_long",
  ])
  assert.equal(await visit({ image: found(0n) }), ["region_beyond_image", "region_beyond_image"])
  assert.equal(await visit({ map: shared }), ["unsupported_mode", "unsupported_mode"])
})

test("a share or cow of no file, of a wrong one, or of one that is too short", async () => {
  const found = (mode: "share" | "cow", file: boolean) => (request: number) => [
    { ...imageFound, request, mode, file } as const,
  ]
  const scratch = join(scratchDirectory(), "file")
  writeFileSync(scratch, Buffer.alloc(8191))
  const [short, nothing] = [openSync(scratch, "r"), openSync("/dev/null", "r")]
  const writeOnly = openSync(scratch, "a")
  truncateSync(scratch, 4096)

  for (const mode of ["share", "cow"] as const) {
    const visited = (file: boolean, descriptors: number[]) =>
      visit({ image: found(mode, file) }, descriptors)
    assert.equal(await visited(false, []), ["unsupported_mode", "unsupported_mode"])
    assert.equal(await visited(false, [short]), ["unsupported_mode", "unsupported_mode"])
    assert.equal(await visited(true, []), ["malformed_frame", "malformed_frame"])
    assert.equal(await visited(true, [short]), ["unsupported_file", "unsupported_file"])
    assert.equal(await visited(true, [nothing]), ["unsupported_file", "unsupported_file"])
    assert.equal(await visited(true, [writeOnly]), ["unexpected_message", "unexpected_message"])
  }
  for (const file of [short, nothing, writeOnly]) closeSync(file)
})

/** How many more descriptors this process has while a region is mapped. */
/** Once those of earlier clients, which other threads close, are closed. */
async function settledDescriptorCount(): Promise<number> {
  for (let last = -1; ; await pause(20)) {
    const count = descriptorCount(process.pid)
    if (count === last) return count
    last = count
  }
}

async function descriptorsUsed(surplus: readonly number[], script: Script = {}): Promise<number> {
  const manager = new ScriptedManager(script, surplus)
  const before = await settledDescriptorCount()
  const pager = await connect({ socket: manager.socket })
  const region = await pager.map("image")
  const used = descriptorCount(process.pid) - before
  await region.close()
  await pager.close()
  assert.equal(manager.heard, ["hello", "image", "map", "unmap", "bye"])
  manager.close()
  return used
}

test("a manager that had no room for the userfaultfd is sent it again", async () => {
  const came: number[] = []
  const refusal = (request: number, code: "busy" | "missing_descriptor"): Reaction[] => [
    { type: "error", request, code, message: "No descriptor" },
  ]
  const map = (request: number, descriptors: number): Reaction[] => {
    came.push(descriptors)
    if (came.length === 1) return refusal(request, "busy")
    if (descriptors === 0) return refusal(request, "missing_descriptor")
    return [{ type: "mapped", request, region: 1, mode: "copy", why: "" }]
  }

  assert.equal(await visit({ map }), ["busy", "mapped"])
  assert.equal(came, [1, 0, 1])
})

test("descriptors that nobody asked for are closed", async () => {
  const surplus = [1, 2, 3].map(() => openSync("/dev/null", "r"))

  const usual = await descriptorsUsed([])
  const withSurplus = await descriptorsUsed(surplus)

  assert.is(withSurplus, usual)
  surplus.map(closeSync)
})

test("of descriptors that come with an image one is kept, until the region ends", async () => {
  const path = join(scratchDirectory(), "image")
  writeFileSync(path, Buffer.alloc(8192))
  const files = [1, 2, 3].map(() => openSync(path, "r"))
  const image = (request: number): Reaction[] => [{ ...imageFound, request, file: true }]

  const usual = await descriptorsUsed([])
  const before = descriptorCount(process.pid)
  const withFiles = await descriptorsUsed(files, { image })

  assert.is(withFiles, usual + 1)
  assert.is(descriptorCount(process.pid), before)
  files.map(closeSync)
})

test("a manager that never says goodbye delays a client by a moment only", async () => {
  const manager = new ScriptedManager({ bye: () => [] })
  const pager = await connect({ socket: manager.socket })
  const beganMs = performance.now()

  await pager.close()

  assert.ok(performance.now() - beganMs < 10_000)
  manager.close()
})

test.run()
