import { MalformedFrame } from "../../../protocol/codec.js"
import { ClientError, ManagerError } from "../../errors.js"
import type { Logger } from "../../log.js"

/**
 * What the client is told of something thrown while it was served. A failure of the manager's own
 * is logged and told as `busy`; anything that is nobody's stated fault is a bug, and thrown on.
 */
export function refusalOf(thrown: unknown, log: Logger): ClientError {
  if (thrown instanceof ClientError) return thrown
  if (thrown instanceof MalformedFrame) return new ClientError("malformed_frame", thrown.message)
  if (!(thrown instanceof ManagerError)) throw thrown
  log.error({ err: thrown }, "a request failed, and the client is not to blame")
  return new ClientError("busy", `The manager could not do it: ${thrown.message}`)
}
