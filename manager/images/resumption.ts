import type { TakenMode } from "../../protocol/messages.js"
import { everybody, type Identity, ruleOf } from "../access_rule.js"
import type { Limits, SourceLimits } from "../config.js"
import { ClientError } from "../errors.js"
import { AwaitedSource, type OpenBytes } from "./awaited_source.js"
import type { PastImage } from "./image_journal.js"
import type { ImageKey } from "./image_key.js"
import type { PageSource } from "./page_source.js"
import type { PastImages } from "./past_images.js"
import type { Image } from "./registry.js"
import { isShownToAllOf, isVisible, type Visible } from "./visibility.js"

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
  /** A descriptor of its memory, for the caller to close. */
  openMemory(image: Image): number
  /** One that no region maps is gone, unless it is held. */
  hold(image: Image): void
  letGo(image: Image): void
}

export type AwaitedImage = Visible &
  Pick<PastImage, "name" | "key" | "isWritable"> & {
    /** Undefined: a new one. */
    readonly id: number | undefined
  }

/** An image that this manager does not know and a client says it had. */
interface Stranger {
  readonly image: Image
  readonly uid: number
}

/** Of all users. */
const strangersMax = 4_096
/** How often it is seen whether an earlier manager's image is still mapped. */
const lookMinMs = 1_000

/**
 * Finds for the clients of an earlier manager what they mapped. It is the very same image, or one
 * of the same bytes; one that cannot be had (yet) is waited for, and poison after that. JS thread.
 */
export class Resumption {
  private readonly strangers = new Map<string, Stranger>()
  private readonly strange = new Set<Image>()
  /** Images of an earlier manager that clients have come for. */
  private readonly reopened = new Map<Image, PastImage>()
  private readonly looks: NodeJS.Timeout

  constructor(
    private readonly past: PastImages,
    private readonly images: ResumableImages,
    private readonly limits: Pick<Limits, "awaitedImagesPerUidMax" | "publishedBytesPerUidMax">,
  ) {
    this.looks = setInterval(() => this.lookAround(), Math.max(lookMinMs, past.waitMs)).unref()
  }

  /** Throws a ClientError when there is nothing to wait for. */
  find(wish: ResumedImage, viewer: Identity): Image {
    const { id, key, name, mode } = wish
    const current = this.images.findById(id)
    const isShared = mode === "share"
    const isSame = current?.key === key && !(isShared && this.hasOtherMemory(current))
    if (isSame && this.isShown(current, viewer)) return current
    const past = this.past.find(id)
    const isThere = past?.key === key && !(isShared && this.past.memoryOf(past) === undefined)
    if (isThere && this.isShown({ ...past, ...visible(past) }, viewer)) return this.reopen(past)
    // Copies can come from wherever the same bytes are; shared pages are those of one memory.
    const named = this.findSame(name, key)
    if (mode === "copy" && named !== undefined && isVisible(named, viewer)) return named
    return this.awaitStranger(wish, viewer)
  }

  /**
   * Nothing maps it any more, and the engine still has it. Returns whether somebody may still come
   * for it.
   */
  forget(image: Image): boolean {
    if (this.strange.delete(image)) {
      for (const [stranger, known] of this.strangers) {
        if (known.image === image) this.strangers.delete(stranger)
      }
    }
    const past = this.reopened.get(image)
    if (past === undefined) return false
    this.reopened.delete(image)
    this.past.giveBack(past, this.openPastMemory(image, past))
    return true
  }

  isStranger(image: Image): boolean {
    return this.strange.has(image)
  }

  /** The manager ends. */
  close(): void {
    clearInterval(this.looks)
  }

  /**
   * One that was left is held until then: who comes and goes again and again would else have it
   * opened each time, which takes longer the more there is to know of its pages.
   */
  private lookAround(): void {
    for (const image of [...this.reopened.keys()]) {
      if (image.regions === 1) this.images.letGo(image)
    }
  }

  /** Of the same bytes, but not of the pages that its clients map. */
  private hasOtherMemory(image: Image): boolean {
    const past = this.reopened.get(image)
    return past !== undefined && past.memory !== image.memory
  }

  /** Who sees an image may have changed since it was mapped: the one of that name decides too. */
  private isShown(image: Visible & Pick<Image, "name">, viewer: Identity): boolean {
    const named = this.images.findNamed(image.name)
    return isVisible(image, viewer) && (named === undefined || isVisible(named, viewer))
  }

  private strangersOf(uid: number | undefined): Image[] {
    return [...this.strangers.values()]
      .filter((stranger) => stranger.uid === uid)
      .map(({ image }) => image)
  }

  /** Why one more cannot be waited for, in words. */
  private findLack(uid: number, lengthBytes: bigint): string | undefined {
    const { awaitedImagesPerUidMax, publishedBytesPerUidMax } = this.limits
    const images = this.strangersOf(uid)
    if (images.length >= awaitedImagesPerUidMax || this.strangers.size >= strangersMax) {
      return `user ${uid} waits for ${images.length} others, the most there may be`
    }
    const total = images.reduce((sum, image) => sum + image.lengthBytes, lengthBytes)
    if (total <= BigInt(publishedBytesPerUidMax)) return undefined
    const found = `with it user ${uid} would wait for ${total} bytes`
    return `${found}, wanted at most ${publishedBytesPerUidMax}`
  }

  /** Whoever comes next may come before a search among processes has found it again. */
  private openPastMemory(image: Image, past: PastImage): number | undefined {
    if (image.memory !== past.memory) return undefined
    try {
      return this.images.openMemory(image)
    } catch {
      return undefined // No number was left for it: then it is searched for.
    }
  }

  private reopen(past: PastImage): Image {
    const memory = this.past.memoryOf(past)
    const length = Number(past.lengthBytes)
    const reopened = this.images.reopen(past, memory)
    const awaited = { ...past, ...visible(past) }
    const source = this.sourceOf(past, length, (named) => isShownToAllOf(named, awaited))
    const image = reopened ?? this.images.addAwaited(awaited, source, memory)
    this.past.take(past)
    this.reopened.set(image, past)
    this.images.hold(image)
    return image
  }

  private awaitStranger({ name, key, mode, lengthBytes }: ResumedImage, viewer: Identity): Image {
    const { uid } = viewer
    const stranger = `${uid} ${mode} ${key} ${name}`
    const known = this.strangers.get(stranger)?.image
    if (known !== undefined && known.lengthBytes >= lengthBytes) return known
    const lack = this.findLack(uid, lengthBytes)
    if (lack !== undefined) {
      const found = `This manager has no image "${name}" of the bytes that were mapped`
      throw new ClientError("unknown_image", `${found}, and cannot wait for it: ${lack}`)
    }
    // A key is no secret: it is made of what everybody may know of a file.
    const mayBe = (named: Image) => mode === "copy" && isVisible(named, viewer)
    const source = this.sourceOf({ name, key }, Number(lengthBytes), mayBe)
    const own = { owner: uid, rule: everybody }
    const wanted = { id: undefined, name, key, isWritable: false, ...own }
    const image = this.images.addAwaited(wanted, source, undefined)
    this.strangers.set(stranger, { image, uid })
    this.strange.add(image)
    return image
  }

  private sourceOf(
    { name, key }: Pick<PastImage, "name" | "key">,
    length: number,
    mayBe: (named: Image) => boolean,
  ) {
    const look = (): OpenBytes | undefined => {
      const image = this.findSame(name, key)
      return image && mayBe(image) ? () => this.images.openLoaded(image) : undefined
    }
    return new AwaitedSource(length, performance.now() + this.past.waitMs, look)
  }

  private findSame(name: string, key: ImageKey): Image | undefined {
    const named = this.images.findNamed(name)
    return named?.key === key ? named : undefined
  }
}

const visible = (past: PastImage): Visible => ({ owner: past.owner, rule: ruleOf(past) })

/**
 * One read is all it takes: it waits by itself, and what it waited for in vain does not come. One
 * at a time, because each that waits looks around again and again. However many fail, the next
 * fails as soon: whoever waits for its page is not kept waiting for a source to recover.
 */
export const awaitedLimits = (limits: SourceLimits, waitMs: number): SourceLimits => ({
  ...limits,
  attemptsMax: 1,
  readsInFlightMax: 1,
  breakerFailures: Number.POSITIVE_INFINITY,
  readTimeoutMs: waitMs + limits.readTimeoutMs,
  deadlineMs: waitMs + limits.deadlineMs,
})
