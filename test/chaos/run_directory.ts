import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { atExit } from "../harness/at_exit.js"

/** Where the processes of a run lie and write. The logs of a run that found something stay. */
export class RunDirectory {
  readonly path: string
  readonly logs: string
  /** Until the run has passed. */
  isWorthKeeping = true

  constructor() {
    this.path = mkdtempSync(join(tmpdir(), "pagerd-chaos-"))
    chmodSync(this.path, 0o711)
    this.logs = join(this.path, "logs")
    mkdirSync(this.logs)
    atExit(() => {
      if (!this.isWorthKeeping) rmSync(this.path, { recursive: true, force: true })
    })
  }
}
