import { closeSync } from "node:fs"
import type { Access, Mode, TakenMode } from "../../protocol/messages.js"
import { features, mappedFile, memoryAt, openUserfaultfd, registeredFile } from "./own_memory.js"
import { RawClient } from "./raw_client.js"

const page = 4096
const allModes: readonly TakenMode[] = ["copy", "share", "cow"]

/** What is asked of an image; the manager's defaults hold for what is not said. */
export interface ImageWish {
  readonly mode?: Mode
  readonly modes?: readonly TakenMode[]
  readonly access?: Access
}

/** One region of share or cow in the test's own process. */
export interface ImageRegion {
  readonly region: number
  readonly mode: TakenMode
  readonly why: string
  /** Reading it faults where the mode says so. */
  readonly bytes: Buffer
}

/**
 * A client that maps images' own files, as libpagerd does but without it: each step is the test's
 * to leave out. Closes what it was handed.
 */
export class ImageClient {
  readonly raw: RawClient
  readonly userfaultfd: number
  private isAttached = false
  private readonly files: number[] = []

  static async connect(socket: string, wanted = features.minorShmem): Promise<ImageClient> {
    const client = new ImageClient(socket, wanted)
    await client.raw.greet()
    return client
  }

  private constructor(socket: string, wanted: bigint) {
    this.raw = new RawClient(socket, "kept")
    this.userfaultfd = openUserfaultfd(wanted)
  }

  /** The answer to `image`, and the image's file if it came. */
  async ask(image: string, wish: ImageWish = {}) {
    this.raw.request({ type: "image", image, modes: allModes, ...wish })
    const found = await this.raw.next("image_found")
    this.files.push(...found.descriptors)
    return { ...found, descriptor: found.descriptors[0] }
  }

  /** Asks, maps the file that came, and has it served. Of mode copy nothing is mapped. */
  async map(image: string, wish: ImageWish = {}): Promise<ImageRegion> {
    const { mode, length_bytes, image_id, descriptor } = await this.ask(image, wish)
    if (descriptor === undefined) throw new Error(`mode ${mode} came without a file`)
    const access = wish.access ?? "private"
    const lengthBytes = Math.ceil(Number(length_bytes) / page) * page
    const address =
      mode === "cow"
        ? mappedFile(descriptor, lengthBytes, access)
        : registeredFile(this.userfaultfd, descriptor, lengthBytes, access)
    const part = { mode, access, imageId: image_id, address, lengthBytes }
    const { region, why } = await this.serve(image, part)
    return { region, mode, why, bytes: memoryAt(address, lengthBytes) }
  }

  /** A map of what is mapped already. The userfaultfd goes with the first that needs it. */
  async serve(
    image: string,
    part: {
      readonly mode: Mode
      readonly access?: Access
      readonly imageId?: number
      readonly address: bigint
      readonly lengthBytes: number
    },
  ) {
    const { mode, access = "private", imageId, address, lengthBytes } = part
    const carries = mode !== "cow" && !this.isAttached
    const range = { address, length_bytes: lengthBytes, offset_bytes: 0, window_bytes: 0 }
    const id = imageId === undefined ? {} : { image_id: imageId }
    const message = { type: "map", image, mode, access, ...id, ...range }
    this.raw.request(message, carries ? [this.userfaultfd] : [])
    this.isAttached ||= carries
    return this.raw.next("mapped")
  }

  close(): void {
    this.raw.close()
    for (const file of [...this.files, this.userfaultfd]) closeSync(file)
  }
}
