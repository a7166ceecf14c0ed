import { imageName } from "../../protocol/messages.js"
import { type AccessRule, everybody, type Identity, isAllowed, ruleOf } from "../access_rule.js"
import type { Limits, SourceLimits } from "../config.js"
import type { FillEvent, RaisedEvent } from "../engine/engine.js"
import type { NativeEngine } from "../engine/native.js"
import { ClientError, reasonOf } from "../errors.js"
import type { Logger } from "../log.js"
import { FillQueue } from "./fill_queue.js"
import { checkPageSource, isPageSource, type PageSource } from "./page_source.js"
import type { Residency } from "./residency.js"
import { checkImageFile, pathOfSource } from "./source.js"
import { SourceLog } from "./source_log.js"
import type { WantedImage } from "./wanted_image.js"

/** A named image. It outlives its name while regions map it. */
export interface Image {
  readonly name: string
  /** The engine's number. */
  readonly image: number
  readonly lengthBytes: bigint
  /** A path, a URL, "source" for a PageSource, or the file that a client published. */
  readonly source: string
  /** It can be mapped shared, and only so. Nothing is ever written back to its source. */
  readonly isWritable: boolean
  /** Set for what a client published: only this user and root see it. */
  readonly owner: number | undefined
  /** Who else than root sees it, of what no client published. */
  readonly rule: AccessRule
  /** Of a PageSource only. */
  readonly fills: FillQueue | undefined
  lastError: string | undefined
  /** Regions that map it, or are about to. */
  regions: number
}

const root: Identity = { uid: 0, gid: 0, groups: [] }
/** Names that a client's published images get, and nothing else does. */
const publishedName = /^u\d+\//

/**
 * All images of a manager: names to images of the engine, and the page sources behind them. JS
 * thread.
 */
export class ImageRegistry {
  private readonly byName = new Map<string, Image>()
  private readonly byNumber = new Map<number, Image>()

  constructor(
    private readonly engine: NativeEngine,
    private readonly limits: Limits,
    private readonly sourceLimits: SourceLimits,
    private readonly log: Logger,
  ) {}

  /** Throws a ClientError when the name is taken or the source cannot be had. */
  add(name: string, wanted: WantedImage): Image {
    if (!imageName.safeParse(name).success || publishedName.test(name)) {
      const kind =
        "letters, digits and . _ / -, starting with a letter or digit and not with u<number>/"
      throw new ClientError(
        "malformed_frame",
        `Image name "${name}" cannot be taken, wanted ${kind}`,
      )
    }
    this.checkRoomFor(name)
    const { source, writable = false } = wanted
    const rule = ruleOf(wanted)
    if (isPageSource(source)) return this.addPageSource(name, source, writable, rule)
    return this.addFile(name, source, writable, rule)
  }

  /** Takes the file behind a client's descriptor, which stays the caller's, as "u<uid>/<name>". */
  publish(uid: number, name: string, descriptor: number, source: string): Image {
    const fullName = `u${uid}/${name}`
    const refuse = (found: string, wanted: string) =>
      new ClientError("busy", `Cannot publish ${fullName}: ${found}, ${wanted}`)
    const published = this.publishedBy(uid)
    const { publishedImagesPerUidMax, publishedBytesPerUidMax } = this.limits
    if (published.images >= publishedImagesPerUidMax) {
      const found = `user ${uid} has ${published.images} published images`
      throw refuse(found, "the most there may be")
    }
    this.checkRoomFor(fullName)
    const opened = this.open(fullName, () => this.engine.addDescriptorImage(descriptor))
    const total = published.lengthBytes + opened.lengthBytes
    if (total > BigInt(publishedBytesPerUidMax)) {
      this.engine.removeImage(opened.image)
      const found = `with it user ${uid} would have published ${total} bytes`
      throw refuse(found, `wanted at most ${publishedBytesPerUidMax}`)
    }
    const owned = { name: fullName, source, owner: uid, fills: undefined }
    return this.enter({ ...opened, ...owned, rule: everybody, isWritable: false })
  }

  /** Those that have lost their name and are still mapped count too: they take as much memory. */
  publishedBy(uid: number): { images: number; lengthBytes: bigint } {
    const images = [...this.byNumber.values()].filter(({ owner }) => owner === uid)
    const lengthBytes = images.reduce((sum, image) => sum + image.lengthBytes, 0n)
    return { images: images.length, lengthBytes }
  }

  /** The image of that name as far as the client may see it. */
  find(name: string, viewer: Identity): Image {
    const image = this.byName.get(name)
    if (image !== undefined && isVisible(image, viewer)) return image
    const visible = [...this.byName.values()].filter((other) => isVisible(other, viewer))
    const names = visible.slice(0, 8).map((other) => other.name)
    if (visible.length > names.length) names.push("...")
    const known = names.length === 0 ? "it has none" : `it has ${names.join(", ")}`
    throw new ClientError("unknown_image", `This manager has no image "${name}"; ${known}`)
  }

  /** The image of that name, whoever may see it. */
  findAny(name: string): Image {
    return this.find(name, root)
  }

  /** Regions that map the image keep it. */
  remove(name: string): void {
    const image = this.findAny(name)
    this.byName.delete(name)
    this.engine.removeImage(image.image)
    if (image.regions === 0) this.forget(image)
  }

  /** One more region maps the image, or is about to. */
  retain(image: Image): void {
    image.regions += 1
  }

  /** One of them has ended, in the engine too. */
  release(image: Image): void {
    image.regions -= 1
    const hasName = this.byName.get(image.name) === image
    if (image.regions === 0 && !hasName) this.forget(image)
  }

  /** Like remove(), for what may have been removed by somebody else meanwhile. */
  withdraw(image: Image): void {
    if (this.byName.get(image.name) === image) this.remove(image.name)
  }

  /** How much of it is in memory. */
  residency({ image, lengthBytes }: Image): Residency {
    const snapshot = this.engine.imageSnapshot(image)
    const { residentBytes = 0n, zeroBytes = 0n, isFullyResident = false } = snapshot ?? {}
    const present = residentBytes + zeroBytes
    // Its last page may reach beyond its end.
    const presentBytes = present < lengthBytes ? present : lengthBytes
    return { presentBytes, lengthBytes, isFull: isFullyResident }
  }

  /** The image's own file for a client, as a descriptor that the caller closes. */
  openFile({ image }: Image): number {
    return this.engine.imageDescriptor(image)
  }

  list(): Image[] {
    return [...this.byName.values()]
  }

  get size(): number {
    return this.byName.size
  }

  /** By the engine's number; also one that has lost its name, while regions map it. */
  byId(image: number): Image | undefined {
    return this.byNumber.get(image)
  }

  /** Passes a wish for bytes on to the image's page source. */
  fill({ image, fill, offsetBytes, lengthBytes, attempts, isDemand }: FillEvent): void {
    const fills = this.byNumber.get(image)?.fills
    if (fills === undefined)
      this.engine.failFill(fill, "the image has no page source any more", attempts)
    else fills.push({ fill, offsetBytes: Number(offsetBytes), lengthBytes, isDemand, attempts })
  }

  /** Somebody is blocked now on bytes that were only wished for. */
  raise({ image, fill }: RaisedEvent): void {
    this.byNumber.get(image)?.fills?.raise(fill)
  }

  /** Aborts the reads of every page source. */
  close(): void {
    for (const image of this.byNumber.values()) image.fills?.close()
    this.byName.clear()
    this.byNumber.clear()
  }

  private addFile(name: string, source: string, isWritable: boolean, rule: AccessRule): Image {
    const path = pathOfSource(source)
    checkImageFile(path)
    const opened = this.open(name, () => this.engine.addFileImage(path, isWritable))
    const file = { source: path, owner: undefined, rule, fills: undefined, isWritable }
    return this.enter({ ...opened, ...file, name })
  }

  private addPageSource(
    name: string,
    source: PageSource,
    isWritable: boolean,
    rule: AccessRule,
  ): Image {
    checkPageSource(name, source)
    const lengthBytes = BigInt(source.length)
    const opened = this.open(name, () => this.engine.addSourceImage(lengthBytes, isWritable))
    const note = (reason: string) => {
      const found = this.byNumber.get(opened.image)
      if (found !== undefined) found.lastError = reason
    }
    const sourceLog = new SourceLog(name, this.log, this.sourceLimits, note)
    const fills = new FillQueue(source, this.engine, this.sourceLimits, sourceLog)
    const read = { source: "source", owner: undefined, rule, fills, isWritable }
    return this.enter({ ...opened, ...read, name })
  }

  private checkRoomFor(name: string): void {
    if (this.byName.has(name)) {
      throw new ClientError("image_exists", `There is an image "${name}" already`)
    }
    if (this.byName.size >= this.limits.imagesMax) {
      const found = `there are ${this.byName.size} images, the most that limits.images_max allows`
      throw new ClientError("busy", `Cannot add image "${name}": ${found}`)
    }
  }

  private open(name: string, call: () => { image: number; lengthBytes: bigint }) {
    try {
      return call()
    } catch (error) {
      const reason = reasonOf(error)
      throw new ClientError("image_failed", `Cannot take "${name}" as an image: ${reason}`)
    }
  }

  private enter(image: Omit<Image, "lastError" | "regions">): Image {
    const entered: Image = { ...image, lastError: undefined, regions: 0 }
    this.byName.set(entered.name, entered)
    this.byNumber.set(entered.image, entered)
    return entered
  }

  /** Nobody can ask for its bytes any more. */
  private forget(image: Image): void {
    image.fills?.close()
    this.byNumber.delete(image.image)
  }
}

function isVisible({ owner, rule }: Image, viewer: Identity): boolean {
  if (viewer.uid === root.uid) return true
  return owner === undefined ? isAllowed(rule, viewer) : owner === viewer.uid
}
