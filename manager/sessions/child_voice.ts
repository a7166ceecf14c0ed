import type { NativeEngine } from "../engine/native.js"
import type { ClientError } from "../errors.js"
import type { Session } from "./session.js"
import type { SessionVoice } from "./session_voice.js"

/**
 * In the place of a forked child's voice. Such a child knows nothing of us and has no socket to us,
 * and no process is known for sure to be it.
 */
export class ChildVoice implements SessionVoice {
  constructor(
    private readonly engine: Pick<NativeEngine, "giveUpFaults">,
    private readonly session: () => Pick<Session, "space" | "end">,
  ) {}

  poisoned(): void {}

  dismiss(error: ClientError): void {
    void this.session().end(error.message)
  }

  /** Its faults get SIGBUS, which ends it as well unless it is prepared for that. */
  kill(): void {
    const { space } = this.session()
    if (space === undefined) return
    this.engine.giveUpFaults(space, 0, "its page was waited for too long")
  }
}
