/**
 * The process behind busy_manager.ts: `busy_manager_process.js DIRECTORY IMAGE`. It serves IMAGE as
 * "pattern", takes "spin" and "rest" on stdin, and ends when stdin does.
 */
import { join } from "node:path"
import { createInterface } from "node:readline"
import { serve } from "../../manager/index.js"

const spinMs = 19
const pauseMs = 1

let isSpinning = false

function spin(): void {
  if (!isSpinning) return
  const endMs = performance.now() + spinMs
  while (performance.now() < endMs);
  setTimeout(spin, pauseMs)
}

const [, , directory = ".", image = ""] = process.argv
const manager = await serve({
  socket: join(directory, "pagerd.sock"),
  debugSocket: join(directory, "debug.sock"),
  stateDir: join(directory, "state"),
  images: { pattern: image },
  config: { logLevel: "warn" },
})
console.log("serving")

for await (const order of createInterface({ input: process.stdin })) {
  isSpinning = order === "spin"
  if (isSpinning) setTimeout(spin, 0)
  console.log(isSpinning ? "spinning" : "resting")
}
isSpinning = false
await manager.close()
