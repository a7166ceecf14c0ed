import { test } from "uvu"
import * as assert from "uvu/assert"
import { connect, type MapOptions } from "../../client/index.js"
import { modes, startCClient } from "../harness/c_client.js"
import { startManager } from "../harness/manager.js"
import { patternFile } from "../harness/pattern.js"
import { bytesOf, makeMemory } from "./wasm_memory.js"

const page = 4096
const imageBytes = 256 * page
const shared = { access: "shared" } as const
const holes = [{ offsetBytes: 64 * page, lengthBytes: 64 * page }]

function startWithBoard() {
  const source = patternFile(imageBytes, 1, { holes })
  return startManager({ config: `[images]\nboard = { source = "${source}", writable = true }\n` })
}

test("mapped or attached, on pages that had come, had not come, or were zeros", async () => {
  const manager = await startWithBoard()
  const [one, other] = await Promise.all([1, 2].map(() => startCClient(manager.socket)))
  if (one === undefined || other === undefined) throw new Error("two clients were started")
  const mapped = await one.map("board", shared)
  const attached = await other.attach("board", imageBytes, shared)
  assert.is(await one.mode(mapped), modes.share)

  assert.is(await one.verify(mapped, 1, 0, 8 * page), -1)
  await one.writePattern(mapped, 2, 0, 16 * page)
  await one.writePattern(mapped, 2, 64 * page, 8 * page)
  await other.writePattern(attached, 3, 32 * page, page)

  assert.is(await other.verify(attached, 2, 0, 16 * page), -1)
  assert.is(await other.verify(attached, 1, 16 * page, 16 * page), -1)
  assert.is(await other.verify(attached, 2, 64 * page, 8 * page), -1)
  assert.is(await other.touch(attached, 72 * page, 56 * page), 0)
  assert.is(await one.verify(mapped, 3, 32 * page, page), -1)
  assert.is(await one.verify(mapped, 1, 128 * page, 128 * page), -1)
  assert.is(await other.unmap(attached), 0)
  for (const client of [one, other]) assert.is((await client.stop()).code, 0)
  await manager.stop()
})

test("in JavaScript too, in a region and in a WebAssembly.Memory", async () => {
  const manager = await startWithBoard()
  const pager = await connect({ socket: manager.socket })
  const other = await connect({ socket: manager.socket })
  const region = await pager.map("board", shared)
  const paged = await other.attachMemory(makeMemory({ initial: 16 }), "board", shared)
  const [one, two] = [new Uint8Array(region.buffer), bytesOf(paged.memory)]

  one[5 * page] = 77
  two[6 * page] = 78

  assert.equal([region.mode, region.why], ["share", "writes are shared"])
  assert.equal([two[5 * page], one[6 * page]], [77, 78])
  assert.throws(() => paged.reset(), /access shared/)
  const wrong = { access: "mine" } as unknown as MapOptions
  const refusal = await pager.map("board", wrong).catch((error) => error)
  assert.is(refusal.code, "bad_argument")
  assert.match(refusal.message, /access is mine, wanted private or shared/)
  // What has been let go is the program's own.
  await paged.close()
  one[5 * page] = 1
  assert.is(two[5 * page], 77)
  await Promise.all([pager.close(), other.close()])
  await manager.stop()
})

test("a plain image refuses it, and a writable one everything else", async () => {
  const manager = await startManager({
    images: { plain: patternFile(imageBytes, 1) },
    config: `[images]\nboard = { source = "${patternFile(imageBytes, 1)}", writable = true }\n`,
  })
  const client = await startCClient(manager.socket)
  const refusalOf = (call: Promise<number>) => call.then(String, (error) => error.code)

  assert.is(await refusalOf(client.map("plain", shared)), "unsupported_access")
  assert.is(await refusalOf(client.attach("plain", imageBytes, shared)), "unsupported_access")
  assert.is(await refusalOf(client.map("board")), "unsupported_access")
  assert.is(await refusalOf(client.map("board", { ...shared, mode: "cow" })), "unsupported_mode")
  assert.is(await client.verify(await client.map("plain"), 1, 0, imageBytes), -1)
  await client.stop()
  await manager.stop()
})

test.run()
