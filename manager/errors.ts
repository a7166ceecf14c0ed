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

/** Why something failed, in words, whatever was thrown. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** The errno's name, of an Error that Node or the native parts threw for one. */
export function errnoOf(error: unknown): string | undefined {
  const code = error instanceof Error && "code" in error ? String(error.code) : ""
  // Node's own codes, such as ERR_INVALID_ARG_TYPE, tell of a wrong call and not of the kernel.
  return /^E(?!RR_)[A-Z0-9]+$/.test(code) ? code : undefined
}
