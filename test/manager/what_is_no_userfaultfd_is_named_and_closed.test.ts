import { execFileSync } from "node:child_process"
import { closeSync, constants, openSync } from "node:fs"
import { join } from "node:path"
import koffi from "koffi"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { descriptorTargets } from "../harness/observed_process.js"
import { patternFile } from "../harness/pattern.js"
import { retryUntil } from "../harness/retry.js"
import { scratchDirectory } from "../harness/scratch.js"
import { openUserfaultfd, registeredMemory } from "./own_memory.js"
import { RawClient } from "./raw_client.js"
import { type Serving, serveInTest } from "./serving.js"

const page = 4096
const libc = koffi.load("libc.so.6")
const epollCreate = libc.func("int epoll_create1(int flags)")
const eventfd = libc.func("int eventfd(uint count, int flags)")
const memfdCreate = libc.func("int memfd_create(const char *name, uint flags)")
const socket = libc.func("int socket(int domain, int type, int protocol)")
const pipe = libc.func("int pipe(_Out_ int *ends)")
let manager: Serving

test.before(async () => {
  manager = await serveInTest({ images: { model: patternFile(page, 1) } })
})

test.after(() => manager.close())

function pipeEnd(): number {
  const ends = [0, 0]
  pipe(ends)
  closeSync(ends[1] as number)
  return ends[0] as number
}

/** A named pipe that nobody writes: a read of it, or an open, waits for ever. */
function namedPipe(name: string): number {
  const path = join(scratchDirectory(), name)
  execFileSync("mkfifo", [path])
  return openSync(path, constants.O_RDWR)
}

const strange: [string, () => number, RegExp][] = [
  ["a pipe", pipeEnd, /is pipe:\[\d+\], wanted/],
  ["a named pipe", () => namedPipe("fifo"), /is \/\S+\/fifo, wanted/],
  [
    "a file that is called like one",
    () => namedPipe("anon_inode:[userfaultfd]"),
    /is \/\S+\/anon_inode:\[userfaultfd\], wanted/,
  ],
  ["an epoll", () => epollCreate(0) as number, /is anon_inode:\[eventpoll\], wanted/],
  ["an eventfd", () => eventfd(0, 0) as number, /is anon_inode:\[eventfd\], wanted/],
  [
    "a memfd that is called like one",
    () => memfdCreate("anon_inode:[userfaultfd]", 0) as number,
    /is \/memfd:anon_inode:\[userfaultfd\] \(deleted\), wanted/,
  ],
  ["a socket", () => socket(1, 5, 0) as number, /is socket:\[\d+\], wanted/],
  ["a device", () => openSync("/dev/zero", "r"), /is \/dev\/zero, wanted/],
]

for (const [what, open, sentence] of strange) {
  test(`${what}, and the session goes on with a right one`, async () => {
    const client = new RawClient(manager.socket)
    await client.greet()
    const userfaultfd = openUserfaultfd()
    const address = registeredMemory(userfaultfd, page)
    const range = { address, length_bytes: page, offset_bytes: 0, window_bytes: 0 }
    const map = { type: "map", image: "model", mode: "copy", ...range }
    const before = descriptorTargets(process.pid).length

    const descriptor = open()
    client.request(map, [descriptor])
    closeSync(descriptor)
    assert.match(await client.nextError("not_userfaultfd"), sentence)
    await retryUntil("it closed", 5_000, () => descriptorTargets(process.pid).length <= before)
    client.request(map, [userfaultfd])
    await client.next("mapped")

    client.close()
    closeSync(userfaultfd)
  })
}

test.run()
