import { Writable } from "node:stream"
import { Progress } from "../../examples/demo/output/progress.js"

/** Progress that nobody watches. */
export function silentProgress(): Progress {
  return new Progress(new Writable({ write: (_chunk, _encoding, done) => done() }))
}
