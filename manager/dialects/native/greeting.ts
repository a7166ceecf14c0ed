import { frameBytesMax, protocolVersion } from "../../../protocol/limits.js"
import type { ClientMessage, ManagerMessage } from "../../../protocol/messages.js"
import { ClientError } from "../../errors.js"
import type { Session } from "../../sessions/session.js"
import type { ConversationServices } from "./conversation.js"

/** The answer to a session's first message, and the descriptor that goes with it, -1 for none. */
export interface Greeting {
  readonly welcome: ManagerMessage
  readonly descriptor: number
}

/**
 * Makes the session active, or throws a ClientError when its first message is not the hello that
 * we understand.
 */
export function greet(
  message: ClientMessage,
  session: Session,
  { device, config, sessions }: ConversationServices,
): Greeting {
  if (message.type !== "hello") {
    const found = `The first message is "${message.type}"`
    throw new ClientError("unexpected_message", `${found}, wanted "hello"`)
  }
  if (message.version !== protocolVersion) {
    const found = `The client speaks version ${message.version} of the protocol`
    throw new ClientError("wrong_version", `${found}, this manager version ${protocolVersion}`)
  }
  sessions.checkNotDraining()
  const descriptor = message.want_device ? device.descriptorFor(session.peer.uid) : -1
  session.activate(message.client)
  const welcome = {
    type: "welcome",
    version: protocolVersion,
    session: session.id,
    device: descriptor >= 0,
    frame_bytes_max: frameBytesMax,
    regions_max: config.limits.regionsPerSessionMax,
  } as const
  return { welcome, descriptor }
}
