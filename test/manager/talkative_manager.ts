/**
 * A child of tests: a manager that logs as many lines as the line on its standard input says, each
 * with its number, and then says "logged". It takes the same directory layout as startManager().
 */
import { join } from "node:path"
import { createInterface } from "node:readline"
import { serve } from "../../manager/index.js"
import { createLog } from "../../manager/log.js"

const [directory = ""] = process.argv.slice(2)
const log = createLog("info")
await serve({
  socket: join(directory, "pagerd.sock"),
  debugSocket: join(directory, "debug.sock"),
  stateDir: join(directory, "state"),
  log,
})
process.stdout.write("serving\n")
const padding = "x".repeat(200)
createInterface({ input: process.stdin }).on("line", (count) => {
  for (let number = 0; number < Number(count); number += 1) log.info({ number, padding }, "talk")
  process.stdout.write("logged\n")
})
