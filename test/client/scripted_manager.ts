import { join } from "node:path"
import { loadNative } from "../../manager/engine/load.js"
import type { SocketConnection, SocketListener } from "../../manager/sockets/native.js"
import { decodeClientMessage, encodeManagerMessage } from "../../protocol/codec.js"
import type { ClientMessage, ManagerMessage } from "../../protocol/messages.js"
import { scratchDirectory } from "../harness/scratch.js"

/** What the manager does about a message: says something, right or wrong, or hangs up. */
export type Reaction = ManagerMessage | Uint8Array | "hang_up"

/**
 * By the message's type, with the number of descriptors that came along. What the script does not
 * name is answered as a manager would.
 */
export type Script = Partial<
  Record<ClientMessage["type"], (request: number, descriptors: number) => Reaction[]>
>

const usual: Script = {
  hello: () => [welcome],
  image: (request) => [{ ...imageFound, request }],
  map: (request) => [{ type: "mapped", request, region: 1, mode: "copy", why: "scripted" }],
  unmap: (request) => [{ type: "unmapped", request, region: 1 }],
  bye: (request) => [{ type: "goodbye", request }],
}

export const welcome = {
  type: "welcome",
  version: 1,
  session: "scripted",
  device: false,
  frame_bytes_max: 65_536,
  regions_max: 16,
} as const satisfies ManagerMessage

export const imageFound = {
  type: "image_found",
  request: 0,
  image: "image",
  image_id: 1,
  image_key: "scripted",
  length_bytes: 8192n,
  mode: "copy",
  why: "scripted",
  file: false,
} as const satisfies ManagerMessage

/**
 * A manager that says what a test wants. It lives in the test's own process, where the client's
 * calls wait on other threads; it serves no faults.
 */
export class ScriptedManager {
  readonly socket = join(scratchDirectory(), "scripted.sock")
  /** Types of the messages that came, in order. */
  readonly heard: string[] = []
  readonly #native = loadNative()
  readonly #script: Script
  readonly #descriptors: readonly number[]
  readonly #listener: SocketListener
  readonly #connections = new Set<SocketConnection>()

  /** `descriptors` go along with every frame; they stay the caller's. */
  constructor(script: Script, descriptors: readonly number[] = []) {
    this.#script = { ...usual, ...script }
    this.#descriptors = descriptors
    const accept = (socket: number): void => this.#accept(socket)
    this.#listener = new this.#native.SocketListener(
      this.socket,
      0o600,
      accept,
      () => {},
      "seqpacket",
    )
  }

  close(): void {
    this.#listener.close()
    for (const connection of this.#connections) connection.close()
  }

  #accept(socket: number): void {
    const connection = new this.#native.SocketConnection(socket)
    this.#connections.add(connection)
    const take = (frame: Uint8Array, descriptors: number[]): void => {
      for (const descriptor of descriptors) this.#native.closeDescriptor(descriptor)
      const message = decodeClientMessage(frame)
      this.heard.push(message.type)
      const request = "request" in message ? message.request : 0
      const reactions = this.#script[message.type]?.(request, descriptors.length) ?? []
      for (const reaction of reactions) this.#carryOut(connection, reaction)
    }
    connection.start(
      take,
      () => {},
      () => {},
    )
  }

  #carryOut(connection: SocketConnection, reaction: Reaction): void {
    if (reaction === "hang_up") {
      this.#connections.delete(connection)
      connection.close()
    } else {
      const frame = reaction instanceof Uint8Array ? reaction : encodeManagerMessage(reaction)
      connection.send(frame, this.#descriptors)
    }
  }
}
