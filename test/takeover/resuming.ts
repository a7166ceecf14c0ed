import { closeSync } from "node:fs"
import type { TakenMode } from "../../protocol/messages.js"
import { asUser, type User } from "../manager/as_user.js"
import { openUserfaultfd, registeredMemory } from "../manager/own_memory.js"
import { RawClient } from "../manager/raw_client.js"

const page = 4096
const memoryBytes = 64 * page

/** What a client says of a region that it had with an earlier manager. All of it can be a lie. */
export interface Claim {
  readonly image: string
  readonly imageId: number
  readonly imageKey: string
  readonly region?: number
  readonly mode?: TakenMode
  readonly lengthBytes?: bigint
}

/** A client that claims regions; what is mapped for it lies in this process. */
export class ResumingClient {
  readonly raw: RawClient
  readonly memory: bigint
  private readonly userfaultfd: number
  private claimed = 0

  constructor(socket: string, user?: User, features = 0n) {
    this.userfaultfd = openUserfaultfd(features)
    this.raw =
      user === undefined ? new RawClient(socket) : asUser(user, () => new RawClient(socket))
    this.memory = registeredMemory(this.userfaultfd, memoryBytes)
  }

  /** Each takes the next page of its memory, unless it is longer. */
  claim({ image, imageId, imageKey, region, mode = "copy", lengthBytes }: Claim): void {
    const carries = this.claimed === 0 && mode !== "cow"
    const address = this.memory + BigInt(this.claimed * page)
    this.claimed += 1
    const range = { address, length_bytes: lengthBytes ?? page, offset_bytes: 0, window_bytes: 0 }
    const earlier = { region: region ?? this.claimed, image_id: imageId, image_key: imageKey }
    const map = { type: "map", image, mode, ...earlier, ...range }
    this.raw.request(map, carries ? [this.userfaultfd] : [])
  }

  close(): void {
    this.raw.close()
    closeSync(this.userfaultfd)
  }
}

/** What whoever sees an image is told of it. */
export async function identityOf(client: RawClient, image: string) {
  client.request({ type: "image", image })
  const { image_id, image_key } = await client.next("image_found")
  return { image, imageId: image_id, imageKey: image_key }
}
