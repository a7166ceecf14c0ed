/** A child of a test: fills the disk under a state directory and says what becomes of it. */
import { readdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { pino } from "pino"
import { reasonOf } from "../../manager/errors.js"
import { StateDirectory } from "../../manager/state/state_directory.js"

const [path = ""] = process.argv.slice(2)
const state = StateDirectory.open(path, pino({ level: "silent" }))
state.writeDurably("s", Buffer.from("first"))
const filler = join(path, "filler")
try {
  writeFileSync(filler, Buffer.alloc(1 << 20))
} catch {
  // The disk is full now, as is wanted.
}

let message = "none"
try {
  state.writeDurably("s", Buffer.from("second"))
} catch (error) {
  message = reasonOf(error)
}
const { failure } = state
const kept = state.read("s")?.toString()
const names = readdirSync(path).sort()
rmSync(filler)
state.writeDurably("s", Buffer.from("third"))
const account = { failure, message, kept, names, failureOnceFree: state.failure ?? null }
process.stdout.write(`${JSON.stringify(account)}\n`)
