import { closeSync, constants, mkdirSync, openSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import koffi from "koffi"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { startCClient } from "../harness/c_client.js"
import { patternFile } from "../harness/pattern.js"
import { retryUntil } from "../harness/retry.js"
import { scratchDirectory } from "../harness/scratch.js"
import { skipLoudly } from "../harness/skip.js"
import { isRoot, nobody } from "../harness/user.js"
import { RawClient } from "./raw_client.js"
import { type Serving, serveInTest } from "./serving.js"

const lengthBytes = 1 << 20
const uid = process.getuid?.() ?? -1
const directory = scratchDirectory()
let manager: Serving

test.before(async () => {
  manager = await serveInTest({ config: { limits: { publishedImagesPerUidMax: 2 } } })
})

test.after(() => manager.close())

async function greeted(): Promise<RawClient> {
  const client = new RawClient(manager.socket)
  await client.greet()
  return client
}

/** Sends the descriptor and closes its own, as a client does. */
function publish(client: RawClient, image: string, descriptor: number): number {
  const request = client.request({ type: "publish", image }, [descriptor])
  closeSync(descriptor)
  return request
}

const imageFile = () => openSync(patternFile(lengthBytes, 1), "r")

test("under its user's name, until the session that published it ends", async () => {
  const publisher = await greeted()
  const other = await greeted()

  publish(publisher, "model", imageFile())
  const published = await publisher.next("published")
  other.request({ type: "image", image: `u${uid}/model` })
  const found = await other.next("image_found")

  assert.is(published.image, `u${uid}/model`)
  assert.is(Number(found.length_bytes), lengthBytes)
  publisher.close()
  await retryUntil("no image", 5_000, () => manager.inspect.images().length === 0)
  other.request({ type: "image", image: `u${uid}/model` })
  await other.nextError("unknown_image")
  other.close()
})

test("no other user sees it, while everybody sees the manager's own", async () => {
  if (!isRoot) {
    skipLoudly("root", "two users are needed")
    return
  }
  const publisher = await greeted()
  publish(publisher, "secret", imageFile())
  await publisher.next("published")
  await manager.inspect.addImage("public", patternFile(lengthBytes, 1))
  const other = await startCClient(manager.socket, nobody)

  const refusal = await other.map("u0/secret").catch((error: Error) => error.message)

  assert.is(refusal, 'This manager has no image "u0/secret"; it has public')
  await other.map("public")
  await other.kill()
  publisher.close()
  manager.inspect.removeImage("public")
  await retryUntil("no image", 5_000, () => manager.inspect.images().length === 0)
})

test("a name that is taken, and one image too many", async () => {
  const client = await greeted()
  publish(client, "a", imageFile())
  await client.next("published")

  publish(client, "a", imageFile())
  assert.match(await client.nextError("image_exists"), /There is an image "u\d+\/a" already/)
  publish(client, "b", imageFile())
  await client.next("published")
  publish(client, "c", imageFile())
  assert.match(await client.nextError("busy"), /user \d+ has 2 published images, the most/)
  client.close()
  await retryUntil("no image", 5_000, () => manager.inspect.images().length === 0)
})

test("no image of the manager's own takes such a name", async () => {
  let message = ""
  await manager.inspect.addImage("u0/model", process.execPath).catch((error: Error) => {
    message = error.message
  })
  assert.match(message, /Image name "u0\/model" cannot be taken/)
})

const libc = koffi.load("libc.so.6")
const memfdCreate = libc.func("int memfd_create(const char *name, uint flags)")
const pipe = libc.func("int pipe(_Out_ int *ends)")

function emptyFile(): string {
  const path = join(directory, "empty")
  writeFileSync(path, "")
  return path
}

function readEndOfPipe(): number {
  const ends = [0, 0]
  pipe(ends)
  closeSync(ends[1] as number)
  return ends[0] as number
}

const wrongFiles: [string, () => number, RegExp][] = [
  [
    "one open for writing only",
    () => openSync(join(directory, "w"), "w"),
    /it is not open for reading, wanted a regular file that is open for reading/,
  ],
  ["a directory", () => openSync(directory, "r"), /it is no regular file/],
  ["a device", () => openSync("/dev/null", "r"), /it is no regular file/],
  ["an empty file", () => openSync(emptyFile(), "r"), /it is empty/],
  ["an empty memfd", () => memfdCreate("x", 1) as number, /memfd:x.*: it is empty/],
  ["a pipe", readEndOfPipe, /Cannot publish pipe:\[\d+\]: it is no file/],
  [
    "one open with O_DIRECT",
    () => openSync(patternFile(4096, 1), constants.O_RDONLY | constants.O_DIRECT),
    /it is open with O_DIRECT/,
  ],
]

for (const [what, open, sentence] of wrongFiles) {
  test(`${what} is no image`, async () => {
    mkdirSync(directory, { recursive: true })
    const client = await greeted()

    const request = publish(client, "x", open())

    assert.match(await client.nextError("unsupported_file", request), sentence)
    client.close()
  })
}

test("no descriptor at all", async () => {
  const client = await greeted()

  const request = client.request({ type: "publish", image: "x" })

  await client.nextError("missing_descriptor", request)
  client.close()
})

test.run()
