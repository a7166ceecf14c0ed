/**
 * A program that embeds a manager, and serves an image from a page source that misbehaves: now and
 * then it fails and now and then it is slow, and on a word of its parent it does so all the time.
 *
 *   source_manager_process.js DIRECTORY NAME SEED PAGES
 */
import { openSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { type PageSource, serve } from "../../manager/index.js"
import { imageBytes, pageBytes } from "./images.js"
import { Random } from "./random.js"

export type SourceState = "well" | "fails" | "hangs"

const [directory = "", name = "", seed, pages] = process.argv.slice(2)
const image = { name, seed: Number(seed), pages: Number(pages) }
const random = new Random(process.pid)
const slowMs = 20
let state: SourceState = "well"
let recover = () => {}
let recovered = Promise.resolve()

const source: PageSource = {
  length: image.pages * pageBytes,
  async read(offset, length) {
    if (state === "fails" || random.once(16)) throw new Error("the source fails, as it is meant to")
    if (state === "hangs") await recovered
    if (random.once(16)) await delay(slowMs)
    return imageBytes(image, offset, length)
  },
}

process.on("message", (next: SourceState | "leak") => {
  if (next === "leak") {
    openSync("/dev/null", "r")
    return
  }
  state = next
  recover()
  if (next === "hangs") {
    recovered = new Promise((resolve) => {
      recover = resolve
    })
  }
})
process.on("disconnect", () => process.exit(0))

const manager = await serve({
  socket: join(directory, "pagerd.sock"),
  debugSocket: join(directory, "debug.sock"),
  stateDir: join(directory, "state"),
  images: { [image.name]: source },
  // No outage of a run lasts as long as this many attempts.
  config: { sources: { attemptsMax: 100, backoffMs: 10, backoffMaxMs: 200, readDeadlineMs: 1000 } },
})
process.once("SIGTERM", () => void manager.drain().then(() => process.exit(0)))
console.log(`pagerd ready on ${manager.socket}`)
