import type { ErrorCode } from "../../protocol/messages.js"
import { ClientError, ManagerError } from "../errors.js"
import type { Logger } from "../log.js"
import { RequestError } from "./answer.js"

/** HTTP's word for the protocol's errors; what is not here is a 400. */
const statuses: Partial<Record<ErrorCode, number>> = {
  unknown_image: 404,
  unknown_region: 404,
  image_exists: 409,
  image_failed: 422,
  unsupported_file: 422,
  draining: 503,
  busy: 503,
}

/** Of the manager's own errors, those that its caller can mend. */
const managerStatuses: Partial<Record<string, number>> = {
  unknown_listener: 404,
  already_listening: 409,
  already_running: 409,
  socket_path_taken: 409,
  socket_path_too_long: 422,
  listen_failed: 422,
}

/**
 * Turns whatever a route threw into an answer. A bug in a view is answered and logged but does not
 * end the process: looking at a manager must never stop it from serving pages.
 */
export function requestErrorOf(error: unknown, log: Logger): RequestError {
  if (error instanceof RequestError) return error
  if (error instanceof ClientError) {
    return new RequestError(statuses[error.code] ?? 400, error.code, error.message)
  }
  if (error instanceof ManagerError) {
    const status = managerStatuses[error.code]
    if (status !== undefined) return new RequestError(status, error.code, error.message)
    log.error({ err: error }, "debug request failed: its error says why; clients are served on")
    return new RequestError(500, error.code, error.message)
  }
  log.error({ err: error }, "debug request met a bug of pagerd: please report it")
  return new RequestError(500, "internal_error", "The manager met a bug; its log says more")
}
