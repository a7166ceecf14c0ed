import { frameBytesMax, protocolVersion } from "../../../protocol/limits.js"
import type { ClientMessage, ManagerMessage } from "../../../protocol/messages.js"
import { ClientError } from "../../errors.js"
import type { Session } from "../../sessions/session.js"
import type { ConversationServices } from "./conversation.js"

/** The answer to a session's first message, and the descriptors that go with it. */
export interface Greeting {
  readonly welcome: ManagerMessage
  readonly descriptors: readonly number[]
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
  const descriptors = message.want_device ? device.descriptorsFor(session.peer.uid) : []
  const { client, resumes, resumed_session: resumedSession } = message
  session.activate({ client, resumes, resumedSession })
  const welcome = {
    type: "welcome",
    version: protocolVersion,
    session: session.id,
    device: descriptors.length > 0,
    frame_bytes_max: frameBytesMax,
    regions_max: config.limits.regionsPerSessionMax,
  } as const
  return { welcome, descriptors }
}
