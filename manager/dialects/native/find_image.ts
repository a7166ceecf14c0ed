import type { ClientMessage } from "../../../protocol/messages.js"
import type { ImageRegistry } from "../../images/registry.js"
import { chooseMode } from "../../sessions/mode_choice.js"
import type { Session } from "../../sessions/session.js"
import type { SocketModule } from "../../sockets/native.js"
import type { Answer } from "./answer.js"

interface FindScope {
  readonly session: Session
  readonly images: ImageRegistry
  readonly native: Pick<SocketModule, "closeDescriptor">
}

/**
 * Says how a region of the image would be served, and hands out the image's file where the client
 * is to map that itself. Throws a ClientError when there is no such image or no such way.
 */
export function findImage(
  message: Extract<ClientMessage, { type: "image" }>,
  { session, images, native }: FindScope,
): Answer {
  const { mode = "auto", modes = ["copy"], access = "private" } = message
  const image = images.find(message.image, session.peer)
  const { name, isWritable } = image
  const residency = images.residency(image)
  const choice = chooseMode({ image: name, isWritable, residency, mode, access, modes })
  // In mode copy it is what dirty pages are put back from.
  const hasFile = message.modes !== undefined
  const found = {
    type: "image_found",
    request: message.request,
    image: name,
    image_id: image.id,
    image_key: image.key,
    length_bytes: image.lengthBytes,
    mode: choice.mode,
    why: choice.why,
    file: hasFile,
  } as const
  const file = hasFile ? images.openMemory(image) : undefined
  session.choices.note(image, choice)
  if (file === undefined) return { message: found }
  return { message: found, descriptors: [file], onDone: () => native.closeDescriptor(file) }
}
