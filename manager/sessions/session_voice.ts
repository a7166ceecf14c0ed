import type { ClientError } from "../errors.js"

/** How a session speaks to its client. Its dialect gives it. */
export interface SessionVoice {
  poisoned(region: number, offsetBytes: bigint, lengthBytes: bigint, message: string): void
  /** Last words, then the end of the connection. */
  dismiss(error: ClientError): void
  /** SIGKILL for the process that connected, and for no other. */
  kill(): void
}
