import { type Logger, pino } from "pino"
import type { Config } from "./config.js"
import { standardError } from "./log_output.js"
import { safeJson } from "./safe_json.js"

export type { Logger } from "pino"

/**
 * JSON lines on stderr, written at once so that a process's last words are not lost, and dropped
 * rather than waited for where nobody reads. Field names are snake_case.
 */
export function createLog(level: Config["logLevel"]): Logger {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime }
  const output = standardError()
  const destination = {
    write: (line: string) => output.write(safeJson(line)),
    flushSync: () => output.flushSync(),
  }
  return pino(options, destination)
}

/**
 * Lets so many lines through in each span of time and counts the rest, so that one session that
 * fails at every page does not bury what others have to say.
 */
export class LogBudget {
  private spent = 0
  private withheld = 0
  private spanStartMs = Number.NEGATIVE_INFINITY

  constructor(
    private readonly linesMax: number,
    private readonly spanMs: number,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  /**
   * Calls `write` with the number of lines withheld since the last one, or withholds this one too.
   */
  spend(write: (linesWithheld: number) => void): void {
    const nowMs = this.nowMs()
    if (nowMs - this.spanStartMs >= this.spanMs) {
      this.spanStartMs = nowMs
      this.spent = 0
    }
    if (this.spent >= this.linesMax) {
      this.withheld += 1
      return
    }
    this.spent += 1
    const { withheld } = this
    this.withheld = 0
    write(withheld)
  }
}
