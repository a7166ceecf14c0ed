/**
 * Attaches a memory, touches its first page, and closes the pager when the manager is dead. Then it
 * reads the first page, and one that was never there, after growing the memory if told so: that
 * makes V8 allow access to all of it again. Arguments: the socket, the manager's pid, the mode,
 * "grow" or nothing.
 */
import { writeSync } from "node:fs"
import { connect, type Mode } from "../../client/index.js"
import { bytesOf, makeMemory } from "./wasm_memory.js"

const [socket = "", managerPid = "", mode, grow] = process.argv.slice(2)
const say = (what: string, value: unknown): void => void writeSync(1, `${what}: ${value}\n`)

const pager = await connect({ socket })
const memory = makeMemory({ initial: 64, maximum: 65 })
const paged = await pager.attachMemory(memory, "heap", {
  window: 4096,
  mode: mode as Mode,
})
const bytes = bytesOf(memory)
bytes[0] = 77
process.kill(Number(managerPid), "SIGKILL")
say("region", await paged.close().catch((error) => error.code))
say("pager", await pager.close().catch((error) => error.code))
if (grow === "grow") memory.grow(1)
const seen = bytesOf(memory)
say("there", seen[0])
say("missing", seen[64 * 65_536 - 1])
