import type { TakenMode } from "../../protocol/messages.js"
import { everybody, type Identity, ruleOf } from "../access_rule.js"
import type { SourceLimits } from "../config.js"
import { ClientError } from "../errors.js"
import { AwaitedSource, type OpenBytes } from "./awaited_source.js"
import type { PastImage } from "./image_journal.js"
import type { ImageKey } from "./image_key.js"
import type { PageSource } from "./page_source.js"
import type { PastImages } from "./past_images.js"
import type { Image } from "./registry.js"
import { isVisible, type Visible } from "./visibility.js"

/** The image of a region that an earlier manager served, in the client's words. */
export interface ResumedImage {
  readonly name: string
  readonly id: number
  readonly key: ImageKey
  readonly mode: TakenMode
  /** As far as the region reaches. */
  readonly lengthBytes: bigint
}

/** What a resumption needs of the registry. */
export interface ResumableImages {
  findById(id: number): Image | undefined
  findNamed(name: string): Image | undefined
  /** Undefined when the file is not that image any more. */
  reopen(past: PastImage, memory: number | undefined): Image | undefined
  addAwaited(past: AwaitedImage, source: PageSource, memory: number | undefined): Image
  openLoaded(image: Image): Promise<number>
}

export type AwaitedImage = Visible &
  Pick<PastImage, "name" | "key" | "isWritable"> & {
    /** Undefined: a new one. */
    readonly id: number | undefined
  }

/** Images of one user that this manager does not know and clients say they had. */
const strangersPerUidMax = 1_024

interface Stranger {
  readonly image: Image
  readonly uid: number
}

/**
 * Finds for the clients of an earlier manager what they mapped. It is the very same image, or one
 * of the same bytes; one that cannot be had (yet) is waited for, and poison after that. JS thread.
 */
export class Resumption {
  private readonly strangers = new Map<string, Stranger>()

  constructor(
    private readonly past: PastImages,
    private readonly images: ResumableImages,
  ) {}

  /** Throws a ClientError when there is nothing to wait for. */
  find(wish: ResumedImage, viewer: Identity): Image {
    const { id, key, name, mode } = wish
    const current = this.images.findById(id)
    if (current?.key === key && isVisible(current, viewer)) return current
    const past = this.past.find(id)
    if (past?.key === key && isVisible(visible(past), viewer)) return this.reopen(past)
    // Copies can come from wherever the same bytes are; shared pages are those of one memory.
    const named = this.findSame(name, key)
    if (mode === "copy" && named !== undefined && isVisible(named, viewer)) return named
    return this.awaitStranger(wish, viewer)
  }

  /** Nothing maps it any more. */
  forget(image: Image): void {
    for (const [stranger, known] of this.strangers) {
      if (known.image === image) this.strangers.delete(stranger)
    }
  }

  private reopen(past: PastImage): Image {
    const memory = this.past.memoryOf(past)
    const length = Number(past.lengthBytes)
    const reopened = this.images.reopen(past, memory)
    const awaited = { ...past, ...visible(past) }
    const image = reopened ?? this.images.addAwaited(awaited, this.sourceOf(past, length), memory)
    this.past.take(past)
    return image
  }

  private awaitStranger({ name, key, mode, lengthBytes }: ResumedImage, viewer: Identity): Image {
    const { uid } = viewer
    const stranger = `${uid} ${mode} ${key} ${name}`
    const known = this.strangers.get(stranger)?.image
    if (known !== undefined && known.lengthBytes >= lengthBytes) return known
    const ofUser = [...this.strangers.values()].filter((other) => other.uid === uid).length
    if (ofUser >= strangersPerUidMax) {
      const found = `user ${uid} waits for ${ofUser} images of an earlier manager`
      throw new ClientError(
        "busy",
        `Cannot wait for image "${name}": ${found}, the most there may be`,
      )
    }
    const source = this.sourceOf({ name, key }, Number(lengthBytes), mode === "copy")
    const own = { owner: uid, rule: everybody }
    const wanted = { id: undefined, name, key, isWritable: false, ...own }
    const image = this.images.addAwaited(wanted, source, undefined)
    this.strangers.set(stranger, { image, uid })
    return image
  }

  private sourceOf(past: Pick<PastImage, "name" | "key">, length: number, mayCome = true) {
    const look = (): OpenBytes | undefined => {
      const image = mayCome ? this.findSame(past.name, past.key) : undefined
      return image && (() => this.images.openLoaded(image))
    }
    return new AwaitedSource(length, performance.now() + this.past.waitMs, look)
  }

  private findSame(name: string, key: ImageKey): Image | undefined {
    const named = this.images.findNamed(name)
    return named?.key === key ? named : undefined
  }
}

const visible = (past: PastImage): Visible => ({ owner: past.owner, rule: ruleOf(past) })

/** One read is all it takes: it waits by itself, and what it waited for in vain does not come. */
export const awaitedLimits = (limits: SourceLimits, waitMs: number): SourceLimits => ({
  ...limits,
  attemptsMax: 1,
  readTimeoutMs: waitMs + limits.readTimeoutMs,
  deadlineMs: waitMs + limits.deadlineMs,
})
