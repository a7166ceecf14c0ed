import { Writable } from "node:stream"
import { type Logger, pino } from "pino"

/** One line of a manager's log. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly msg: string }

/** A log that a test can read: what a manager in its own process wrote. */
export class CollectedLog {
  readonly lines: LogLine[] = []
  readonly log: Logger

  constructor() {
    const sink = new Writable({
      write: (line: Buffer, _, done) => {
        this.lines.push(JSON.parse(line.toString()))
        done()
      },
    })
    this.log = pino({ base: null }, sink)
  }

  /** Lines that say this. */
  about(text: string): LogLine[] {
    return this.lines.filter(({ msg }) => msg.includes(text))
  }
}
