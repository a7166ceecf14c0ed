import type { ErrorCode } from "../protocol/messages.js"

/**
 * The client's fault: answered to it in words, and the session goes on or ends as the code says.
 */
export class ClientError extends Error {
  override readonly name = "ClientError"
  constructor(
    readonly code: ErrorCode,
    message: string,
  ) {
    super(message)
  }
}

/**
 * Ours: logged, and answered as a failure of the manager. Anything that is neither is a bug and
 * ends the process.
 */
export class ManagerError extends Error {
  override readonly name = "ManagerError"
  constructor(
    readonly code: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}
