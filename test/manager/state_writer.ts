/**
 * A child of tests: `state_writer DIRECTORY BYTES` writes one state file again and again, each time
 * of another byte, and says "." after each time. It ends
 * when it is killed.
 */
import { pino } from "pino"
import { StateDirectory } from "../../manager/state/state_directory.js"

const [path = "", bytes = ""] = process.argv.slice(2)
const state = StateDirectory.open(path, pino({ level: "silent" }))
for (let round = 0; ; round += 1) {
  state.write("s", Buffer.alloc(Number(bytes), round))
  process.stdout.write(".")
}
