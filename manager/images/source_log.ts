import type { SourceLimits } from "../config.js"
import { LogBudget, type Logger } from "../log.js"
import type { ReadFailure, SourceChange, SourceObserver } from "./fill_queue.js"

/** Lines about one page source's failures, and as many about its changes. */
const linesMax = 10
const linesSpanMs = 10_000

/** Says in the log what happens to one image's page source, and what to do about it. */
export class SourceLog implements SourceObserver {
  private readonly failures = new LogBudget(linesMax, linesSpanMs)
  private readonly changes = new LogBudget(linesMax, linesSpanMs)

  constructor(
    private readonly image: string,
    private readonly log: Logger,
    private readonly limits: Pick<SourceLimits, "breakerOpenMs" | "deadlineMs">,
    /** Keeps the last failure where people look for it. */
    private readonly note: (reason: string) => void,
  ) {}

  onReadFailure(failure: ReadFailure): void {
    this.note(failure.reason)
    this.failures.spend((withheld) => this.writeFailure(failure, withheld))
  }

  onChange(change: SourceChange): void {
    this.changes.spend((withheld) => this.writeChange(change, withheld))
  }

  private writeFailure({ reason, batch, isFinal }: ReadFailure, withheld: number): void {
    const { offsetBytes, lengthBytes } = batch
    const range = { offset_bytes: offsetBytes, length_bytes: lengthBytes }
    const facts = { image: this.image, ...range, reason, lines_withheld: withheld }
    const outcome = "who waits for these pages gets SIGBUS"
    const remedy =
      "mend the source; the pages are asked for again once they are reset or mapped anew"
    if (isFinal) this.log.error(facts, `page source failed for good: ${outcome}; ${remedy}`)
    else this.log.warn(facts, "page source failed: it is asked again after a pause")
  }

  private writeChange({ state, reason }: SourceChange, withheld: number): void {
    const facts = { image: this.image, source_state: state, reason, lines_withheld: withheld }
    if (state === "open") this.log.error(facts, this.whatToDo())
    else if (state === "failing") {
      const advice = "its reads are tried again; see to the reason if this goes on"
      this.log.warn(facts, `page source fails: ${advice}`)
    } else this.log.info(facts, "page source answers again: nothing is to be done")
  }

  private whatToDo(): string {
    const { breakerOpenMs, deadlineMs } = this.limits
    return [
      `page source is left alone but for one read every ${breakerOpenMs} ms: see to the reason.`,
      `Who waits for its pages gets SIGBUS after ${deadlineMs} ms; resident pages are served, and`,
      "nothing has to be restarted",
    ].join(" ")
  }
}
