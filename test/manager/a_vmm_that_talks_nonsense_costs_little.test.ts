// Invariant 10.
import { connect } from "node:net"
import { join } from "node:path"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { patternFile } from "../harness/pattern.js"
import { scratchDirectory } from "../harness/scratch.js"
import { serveInTest } from "./serving.js"

const visits = 100
/** Of one listener in ten seconds; a slow machine may have begun a second span. */
const linesMax = 20

const manager = await serveInTest({ images: { vm: patternFile(65_536, 1) } })
const path = join(scratchDirectory(), "vm.sock")
manager.inspect.addListener("vm", path, { once: false, mode: 0o600 })

/** Says these words and listens until the manager has had enough. */
function hearOut(words: string): Promise<string> {
  return new Promise((resolve) => {
    let heard = ""
    const socket = connect(path, () => socket.write(words))
    socket.setEncoding("utf8").on("data", (text) => {
      heard += text
    })
    socket.on("error", () => {}) // What it had still to say was not read.
    socket.on("close", () => resolve(heard))
  })
}

const test = suite()
test.after(() => manager.close())

test("who is refused again and again has few lines in the log, and each is counted", async () => {
  for (let visit = 0; visit < visits; visit += 1) await hearOut("{]")

  const lines = manager.logLines.filter(({ msg }) => String(msg).startsWith("a VM is not served"))
  assert.ok(lines.length >= 1 && lines.length <= 2 * linesMax, `${lines.length} lines`)
  assert.is(manager.inspect.listeners()[0]?.refused, visits)
})

test("who asks for the image's length without end is told so often, and no more", async () => {
  const heard = await hearOut('{"type":2}'.repeat(1_000))

  assert.is(heard.split('"size":65536').length - 1, 16)
})

test.run()
