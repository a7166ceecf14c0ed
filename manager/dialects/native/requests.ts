import type { ClientMessage, ManagerMessage } from "../../../protocol/messages.js"
import { ClientError } from "../../errors.js"
import type { ImageLoader } from "../../images/image_loader.js"
import { checkPublishedFile } from "../../images/published_file.js"
import type { Image, ImageRegistry } from "../../images/registry.js"
import type { ResumedImage } from "../../images/resumption.js"
import { chooseMode, type ModeChoice } from "../../sessions/mode_choice.js"
import type { Region, RegionWish } from "../../sessions/region_book.js"
import type { Session } from "../../sessions/session.js"
import type { Sessions } from "../../sessions/sessions.js"
import { checkUserfaultfd } from "../../sessions/userfaultfd.js"
import type { SocketModule } from "../../sockets/native.js"
import type { ReceivedDescriptors } from "../../sockets/received_descriptors.js"
import type { Answer } from "./answer.js"
import { findImage } from "./find_image.js"

/**
 * One request of a session that has said hello. What is left in `descriptors` is closed when the
 * call returns.
 */
export interface RequestScope {
  readonly session: Session
  readonly sessions: Sessions
  readonly images: ImageRegistry
  readonly loader: ImageLoader
  readonly native: SocketModule
  readonly descriptors: ReceivedDescriptors
}

type RequestOf<Type extends ClientMessage["type"]> = Extract<ClientMessage, { type: Type }>
type Request = Exclude<ClientMessage, { type: "hello" | "bye" }>

/**
 * Every request but hello, and bye, which ends the conversation. Rejects with a ClientError for a
 * refusal.
 */
export async function answerRequest(message: Request, scope: RequestScope): Promise<Answer> {
  if (message.type === "image") return findImage(message, scope)
  return { message: await resultOf(message, scope) }
}

function resultOf(
  message: Exclude<Request, { type: "image" }>,
  scope: RequestScope,
): Promise<ManagerMessage> {
  switch (message.type) {
    case "load":
      return load(message, scope)
    case "publish":
      return publish(message, scope)
    case "map":
      return map(message, scope)
    case "prefault":
      return prefault(message, scope)
    case "reset":
      return reset(message, scope)
    case "choose_discard":
      return chooseDiscard(message, scope)
    case "unmap":
      return unmap(message, scope)
  }
}

async function load(message: RequestOf<"load">, scope: RequestScope): Promise<ManagerMessage> {
  const { session, sessions, images, loader } = scope
  sessions.checkNotDraining()
  const image = images.find(message.image, session.peer)
  await session.runBulk(() => loader.load(image))
  const { presentBytes } = images.residency(image)
  const { request } = message
  return { type: "loaded", request, image: image.name, resident_bytes: presentBytes }
}

async function publish(
  message: RequestOf<"publish">,
  scope: RequestScope,
): Promise<ManagerMessage> {
  const { request, image } = message
  const { session, sessions, native, descriptors } = scope
  sessions.checkNotDraining()
  const file = descriptors.first()
  if (file === undefined) {
    const wanted = "wanted the file's descriptor along with it"
    throw new ClientError("missing_descriptor", `No descriptor came with publish, ${wanted}`)
  }
  checkPublishedFile(native, file, session.peer.pid)
  const source = native.describeDescriptor(file).name
  // The engine has a duplicate of its own; this one is closed with the frame.
  const published = session.publish(image, file, source)
  const length_bytes = published.lengthBytes
  return { type: "published", request, image: published.name, length_bytes }
}

async function map(message: RequestOf<"map">, scope: RequestScope): Promise<ManagerMessage> {
  const { session, sessions, images } = scope
  // The protocol promises that the userfaultfd is kept even when the map it came with is refused.
  attachIfCame(scope)
  sessions.checkNotDraining()
  const kept = keptRegion(message, session)
  if (kept !== undefined) return mappedAs(kept, message)
  const clearing = message.region === undefined ? session.claims.close() : undefined
  if (clearing !== undefined) await clearing
  const wish = wishOf(message, scope)
  try {
    return mappedAs(await session.map(wish), message)
  } finally {
    images.forgetUnused(wish.image)
  }
}

/** One that the manager has gone on with before its client came. */
function keptRegion(message: RequestOf<"map">, { claims }: Session): Region | undefined {
  const { region, address, mode, access = "private" } = message
  if (region === undefined) return undefined
  const range = { lengthBytes: message.length_bytes, offsetBytes: message.offset_bytes }
  return claims.take({ region, address, mode, access, ...range })
}

function mappedAs(
  { region, mode, why, onDiscard }: Region,
  { request, on_discard }: RequestOf<"map">,
): ManagerMessage {
  const asked = on_discard === undefined ? {} : { on_discard: onDiscard }
  return { type: "mapped", request, region, mode, why, ...asked }
}

function attachIfCame({ session, sessions, native, descriptors }: RequestScope): void {
  const userfaultfd = descriptors.first()
  if (userfaultfd === undefined) return
  if (session.space !== undefined) {
    const found = "A userfaultfd came with a map of a session that has one"
    throw new ClientError("surplus_descriptors", `${found}, wanted it with the first map only`)
  }
  const abilities = checkUserfaultfd(native, userfaultfd)
  if (sessions.goOnWithAdopted(session, userfaultfd)) return
  sessions.checkKept(abilities)
  descriptors.take()
  sessions.noteAttached(session, session.attach(userfaultfd, abilities))
}

function wishOf(message: RequestOf<"map">, scope: RequestScope): RegionWish {
  const { session, images } = scope
  const { access = "private" } = message
  const resumed = resumedImage(message)
  const image = resumed ? imageAgain(resumed, scope) : images.find(message.image, session.peer)
  const choice = resumed
    ? { mode: resumed.mode, why: "as with the manager before" }
    : choiceOf(message, image, images)
  return {
    image,
    address: message.address,
    lengthBytes: message.length_bytes,
    offsetBytes: message.offset_bytes,
    windowBytes: message.window_bytes,
    onDiscard: message.on_discard,
    mode: choice.mode,
    access,
    why: session.choices.reasonFor(image, choice.mode) ?? choice.why,
    ...(resumed && { region: message.region }),
  }
}

/** Where it has discarded pages, an earlier manager knew that alone: they must not come back. */
function imageAgain(resumed: ResumedImage, { session, images }: RequestScope): Image {
  if (!session.hasLayoutEvents) return images.resume(resumed, session.peer)
  const { name, lengthBytes } = resumed
  return images.lose(name, lengthBytes, "what its client did to its memory is not known any more")
}

/** Of a region that an earlier manager served. */
function resumedImage(message: RequestOf<"map">): ResumedImage | undefined {
  const { region, mode, image, image_id, image_key, offset_bytes, length_bytes } = message
  if (region === undefined) return undefined
  if (mode === "auto" || image_id === undefined || image_key === undefined) {
    const wanted = "wanted a mode other than auto, an image_id and an image_key"
    throw new ClientError("malformed_frame", `The map of earlier region ${region} lacks: ${wanted}`)
  }
  const lengthBytes = offset_bytes + length_bytes
  return { name: image, id: image_id, key: image_key, mode, lengthBytes }
}

function choiceOf(message: RequestOf<"map">, image: Image, images: ImageRegistry): ModeChoice {
  const { mode, access = "private" } = message
  // One that has not asked what it can have takes what everybody could from the beginning.
  const modes = [mode === "auto" ? "copy" : mode]
  const residency = images.residency(image)
  const { name, isWritable } = image
  const choice = chooseMode({ image: name, isWritable, residency, mode, access, modes })
  const hasFile = choice.mode !== "copy" || message.image_id !== undefined
  if (hasFile) checkSameImage(image, message.image_id)
  return choice
}

/** The client has an image's file: what it gets must be the image that this file is of. */
function checkSameImage({ name, id }: Image, imageId: number | undefined): void {
  if (imageId === id) return
  const found = `its image_id is ${id}, and the map's is ${imageId ?? "missing"}`
  throw new ClientError("unknown_image", `Cannot map image "${name}": ${found}, ask for it again`)
}

async function prefault(
  message: RequestOf<"prefault">,
  scope: RequestScope,
): Promise<ManagerMessage> {
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

async function reset(
  { request, region }: RequestOf<"reset">,
  scope: RequestScope,
): Promise<ManagerMessage> {
  scope.session.noteReset(scope.session.regions.find(region))
  return { type: "reset_done", request, region }
}

async function chooseDiscard(
  { request, region, on_discard }: RequestOf<"choose_discard">,
  { session }: RequestScope,
): Promise<ManagerMessage> {
  await session.chooseDiscard(session.regions.find(region), on_discard)
  return { type: "discard_chosen", request, region }
}

async function unmap(
  { request, region }: RequestOf<"unmap">,
  scope: RequestScope,
): Promise<ManagerMessage> {
  const { session } = scope
  await session.unmap(session.regions.find(region))
  return { type: "unmapped", request, region }
}
