import type { ManagerMessage } from "../../../protocol/messages.js"

/** What a request is answered with. */
export interface Answer {
  readonly message: ManagerMessage
  /** Sent along. They stay open until `onDone`. */
  readonly descriptors?: readonly number[]
  /** Called once, when the answer has been sent or will never be. */
  readonly onDone?: () => void
}
