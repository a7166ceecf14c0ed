import { MalformedFrame } from "../../../protocol/codec.js"
import { ClientError, errnoOf, ManagerError, reasonOf } from "../../errors.js"

/**
 * What the client is told of something thrown while it was served. A failure of the manager's own,
 * or of the kernel (no more descriptors, for one), is told as `busy`; anything that is nobody's
 * stated fault is a bug, and thrown on.
 */
export function refusalOf(thrown: unknown): ClientError {
  if (thrown instanceof ClientError) return thrown
  if (thrown instanceof MalformedFrame) return new ClientError("malformed_frame", thrown.message)
  if (thrown instanceof ManagerError || errnoOf(thrown) !== undefined) {
    return new ClientError("busy", `The manager could not do it: ${reasonOf(thrown)}`)
  }
  throw thrown
}
