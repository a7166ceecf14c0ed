// Invariant 13.
import { spawnSync } from "node:child_process"
import { fstatSync, ftruncateSync, writeSync } from "node:fs"
import koffi from "koffi"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { findMismatch, patternFile } from "../harness/pattern.js"
import { skipLoudly } from "../harness/skip.js"
import { asUid, isRoot, nobody } from "../harness/user.js"
import { ImageClient } from "./image_client.js"
import { mappedFile } from "./own_memory.js"
import { type Serving, serveInTest } from "./serving.js"

const lengthBytes = 16 * 4096
const libc = koffi.load("libc.so.6")
const fcntl = libc.func("int fcntl(int descriptor, int command, ...)")
const setFlags = 4
const addSeals = 1033
const appending = 0o2000
const writeSeal = 8
const futureWriteSeal = 16
let manager: Serving
let client: ImageClient
let file: number

test.before(async () => {
  manager = await serveInTest({ images: { model: patternFile(lengthBytes, 1) } })
  client = await ImageClient.connect(manager.socket)
  const { descriptor, mode } = await client.ask("model")
  assert.is(mode, "share")
  file = descriptor as number
})

test.after(async () => {
  client.close()
  await manager.close()
})

test("it cannot be written, lengthened, shortened or mapped for writing", () => {
  const { size } = fstatSync(file)
  // What is known of each page follows the pages.
  assert.ok(size > lengthBytes)
  assert.throws(() => writeSync(file, "x", 0), /EBADF/)
  for (const length of [0, 2 * lengthBytes]) {
    assert.throws(() => ftruncateSync(file, length), /EINVAL|EPERM|EBADF/)
  }
  assert.is(fstatSync(file).size, size)
  assert.throws(() => mappedFile(file, lengthBytes, "shared"), /mmap failed: EACCES/)
})

test("nothing that a client does to its descriptor changes what the manager can do", async () => {
  fcntl(file, setFlags, "int", appending)
  assert.is(fcntl(file, addSeals, "int", writeSeal), -1)

  const region = await client.map("model", { mode: "share" })

  assert.is(findMismatch(region.bytes, 1, 0), -1)
})

test("nor what it does to the descriptor of a writable image, beyond its bytes", async () => {
  const images = { board: { source: patternFile(lengthBytes, 1), writable: true } }
  const writable = await serveInTest({ images })
  const writer = await ImageClient.connect(writable.socket)
  const { descriptor } = await writer.ask("board", { access: "shared" })
  const board = descriptor as number
  const { size } = fstatSync(board)

  for (const length of [0, 2 * size]) assert.throws(() => ftruncateSync(board, length), /EPERM/)
  assert.is(fcntl(board, addSeals, "int", futureWriteSeal), -1)

  assert.is(fstatSync(board).size, size)
  writer.close()
  await writable.close()
})

test("writes into a private mapping of it are the writer's own", async () => {
  const writer = await client.map("model", { mode: "share" })
  const reader = await client.map("model", { mode: "share" })

  writer.bytes.fill(0xee)

  assert.is(writer.bytes[lengthBytes - 1], 0xee)
  assert.is(findMismatch(reader.bytes, 1, 0), -1)
})

test("another user cannot open it once more through /proc", () => {
  if (!isRoot) {
    skipLoudly("root", "two users are needed")
    return
  }
  const script = `
    const { openSync } = require("node:fs")
    for (const flags of ["r", "r+"]) {
      try { openSync("/proc/self/fd/3", flags); console.log("opened") }
      catch (error) { console.log(error.code) }
    }`
  const run = spawnSync(process.execPath, ["-e", script], {
    ...asUid(nobody),
    stdio: ["ignore", "pipe", "inherit", file],
    encoding: "utf8",
    env: { NODE_OPTIONS: "" },
    cwd: "/",
  })

  assert.is(run.stdout, "EACCES\nEACCES\n")
})

test.run()
