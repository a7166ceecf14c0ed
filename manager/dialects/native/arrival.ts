import { frameBytesMax } from "../../../protocol/limits.js"
import type { ClientMessage } from "../../../protocol/messages.js"
import { ClientError } from "../../errors.js"
import type { ReceivedDescriptors } from "../../sockets/received_descriptors.js"

/**
 * One packet as it came from the socket. What is left in `descriptors` is closed when it has been
 * dealt with.
 */
export interface Arrival {
  readonly frame: Uint8Array
  readonly descriptors: ReceivedDescriptors
  readonly isTruncated: boolean
  readonly hasLostDescriptors: boolean
}

/** Throws a ClientError when part of the frame has not reached us. */
export function checkLength({ isTruncated }: Arrival): void {
  if (!isTruncated) return
  const message = `The frame is too long, wanted at most ${frameBytesMax} bytes`
  throw new ClientError("oversized_frame", message)
}

/** Throws a ClientError when descriptors have not reached us. The frame itself is whole then. */
export function checkNoneIsLost({ hasLostDescriptors }: Arrival): void {
  if (!hasLostDescriptors) return
  const found = "This manager has no room for the descriptors that came with the frame"
  throw new ClientError("busy", `${found}: try again later, or raise its limit of open files`)
}

/** Throws a ClientError when more descriptors came than the message may bring. */
export function checkDescriptorCount(
  type: ClientMessage["type"],
  descriptors: ReceivedDescriptors,
): void {
  const most = type === "map" || type === "publish" ? 1 : 0
  if (descriptors.length <= most) return
  const found = `"${type}" came with ${descriptors.length} descriptors`
  throw new ClientError("surplus_descriptors", `${found}, wanted ${most === 0 ? "none" : "one"}`)
}
