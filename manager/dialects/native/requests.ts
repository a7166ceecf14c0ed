import type { ClientMessage, ManagerMessage } from "../../../protocol/messages.js"
import { ClientError } from "../../errors.js"
import { checkPublishedFile } from "../../images/published_file.js"
import type { ImageRegistry } from "../../images/registry.js"
import type { RegionWish } from "../../sessions/region_book.js"
import type { Session } from "../../sessions/session.js"
import type { Sessions } from "../../sessions/sessions.js"
import { checkUserfaultfd } from "../../sessions/userfaultfd.js"
import type { SocketModule } from "../../sockets/native.js"
import type { ReceivedDescriptors } from "../../sockets/received_descriptors.js"

/**
 * One request of a session that has said hello. What is left in `descriptors` is closed when the
 * call returns.
 */
export interface RequestScope {
  readonly session: Session
  readonly sessions: Sessions
  readonly images: ImageRegistry
  readonly native: SocketModule
  readonly descriptors: ReceivedDescriptors
}

type RequestOf<Type extends ClientMessage["type"]> = Extract<ClientMessage, { type: Type }>
type Answer = Promise<ManagerMessage>

/**
 * Every request but hello, and bye, which ends the conversation. Rejects with a ClientError for a
 * refusal.
 */
export function answerRequest(
  message: Exclude<ClientMessage, { type: "hello" | "bye" }>,
  scope: RequestScope,
): Answer {
  switch (message.type) {
    case "image":
      return findImage(message, scope)
    case "load":
      throw new ClientError("busy", "This manager cannot load images yet")
    case "publish":
      return publish(message, scope)
    case "map":
      return map(message, scope)
    case "prefault":
      return prefault(message, scope)
    case "reset":
      return reset(message, scope)
    case "unmap":
      return unmap(message, scope)
  }
}

async function findImage({ request, image }: RequestOf<"image">, scope: RequestScope): Answer {
  const found = scope.images.find(image, scope.session.peer.uid)
  return {
    type: "image_found",
    request,
    image: found.name,
    length_bytes: found.lengthBytes,
    mode: "copy",
    why: "this manager installs private copies",
    file: false,
  }
}

async function publish(message: RequestOf<"publish">, scope: RequestScope): Answer {
  const { request, image } = message
  const { session, sessions, native, descriptors } = scope
  sessions.checkNotDraining()
  const file = descriptors.first()
  if (file === undefined) {
    const wanted = "wanted the file's descriptor along with it"
    throw new ClientError("missing_descriptor", `No descriptor came with publish, ${wanted}`)
  }
  checkPublishedFile(native, file)
  const source = native.describeDescriptor(file).name
  // The engine has a duplicate of its own; this one is closed with the frame.
  const published = session.publish(image, file, source)
  const length_bytes = published.lengthBytes
  return { type: "published", request, image: published.name, length_bytes }
}

async function map(message: RequestOf<"map">, scope: RequestScope): Answer {
  const { session, sessions } = scope
  // The protocol promises that the userfaultfd is kept even when the map it came with is refused.
  attachIfCame(scope)
  sessions.checkNotDraining()
  const region = await session.map(wishOf(message, scope))
  const { mode, why } = region
  return { type: "mapped", request: message.request, region: region.region, mode, why }
}

function attachIfCame({ session, sessions, native, descriptors }: RequestScope): void {
  const userfaultfd = descriptors.first()
  if (userfaultfd === undefined) return
  if (session.space !== undefined) {
    const found = "A userfaultfd came with a map of a session that has one"
    throw new ClientError("surplus_descriptors", `${found}, wanted it with the first map only`)
  }
  checkUserfaultfd(native, userfaultfd)
  descriptors.take()
  sessions.noteAttached(session, session.attach(userfaultfd))
}

function wishOf(message: RequestOf<"map">, { session, images }: RequestScope): RegionWish {
  const { mode } = message
  if (mode === "share" || mode === "cow") {
    const wanted = 'wanted "copy" or "auto": this manager installs private copies'
    throw new ClientError("unsupported_mode", `Cannot map with mode "${mode}", ${wanted}`)
  }
  return {
    image: images.find(message.image, session.peer.uid),
    address: message.address,
    lengthBytes: message.length_bytes,
    offsetBytes: message.offset_bytes,
    windowBytes: message.window_bytes,
    mode: "copy",
    why: mode === "copy" ? "asked for" : "this manager installs private copies",
  }
}

async function prefault(message: RequestOf<"prefault">, scope: RequestScope): Answer {
  const { session } = scope
  const region = session.regions.find(message.region)
  const offsetBytes = message.offset_bytes
  const lengthBytes = message.length_bytes || region.lengthBytes - offsetBytes
  const endBytes = offsetBytes + lengthBytes
  if (lengthBytes < 0n || endBytes > region.lengthBytes) {
    const found = `bytes ${offsetBytes} to ${endBytes} of region ${region.region}`
    const wanted = `wanted a range within its ${region.lengthBytes} bytes`
    throw new ClientError("prefault_failed", `Cannot prefault ${found}, ${wanted}`)
  }
  const pages_installed = await session.prefault(region, offsetBytes, lengthBytes)
  return { type: "prefaulted", request: message.request, region: region.region, pages_installed }
}

async function reset({ request, region }: RequestOf<"reset">, scope: RequestScope): Answer {
  scope.session.noteReset(scope.session.regions.find(region))
  return { type: "reset_done", request, region }
}

async function unmap({ request, region }: RequestOf<"unmap">, scope: RequestScope): Answer {
  const { session } = scope
  await session.unmap(session.regions.find(region))
  return { type: "unmapped", request, region }
}
