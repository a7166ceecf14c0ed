import { imageName } from "../../protocol/messages.js"
import { type AccessRule, everybody, type Identity, ruleOf } from "../access_rule.js"
import type { Limits } from "../config.js"
import type { FillEvent, RaisedEvent } from "../engine/engine.js"
import type { NativeEngine } from "../engine/native.js"
import { ClientError, reasonOf } from "../errors.js"
import type { FillQueue } from "./fill_queue.js"
import type { ImageJournal } from "./image_journal.js"
import type { ImageKey } from "./image_key.js"
import { ImageOpener, type OpenedImage, type OpenerServices } from "./image_opener.js"
import { isPageSource } from "./page_source.js"
import type { PastImages } from "./past_images.js"
import type { Residency } from "./residency.js"
import { awaitedLimits, type ResumableImages, type ResumedImage, Resumption } from "./resumption.js"
import { pathsOfSource } from "./source.js"
import { isVisible } from "./visibility.js"
import type { WantedImage } from "./wanted_image.js"

/** A named image. It outlives its name while regions map it. */
export interface Image {
  readonly name: string
  /** Of this image and its memory, in this manager and in those after it. */
  readonly id: number
  readonly key: ImageKey
  /** The engine's word for its memory. */
  readonly memory: string
  /** Its files, the base first, where it can be opened again by them. */
  readonly paths: readonly string[]
  /** It came by request, and no configuration names it. */
  readonly isAdded: boolean
  /** The engine's number. */
  readonly image: number
  readonly lengthBytes: bigint
  /** Paths joined by commas, "source" for a PageSource, or the file that a client published. */
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

/** Of images, to whoever asks for one that is not there. */
const namesTold = 8

const root: Identity = { uid: 0, gid: 0, groups: [] }
/** Names that a client's published images get, and nothing else does. */
const publishedName = /^u\d+\//

/** What is known of an image before the engine has it. */
type NewImage = Omit<Image, keyof OpenedImage | "lastError" | "regions">

/**
 * All images of a manager: names to images of the engine, and the page sources behind them. JS
 * thread.
 */
export class ImageRegistry {
  private readonly byName = new Map<string, Image>()
  private readonly byNumber = new Map<number, Image>()
  private readonly byImageId = new Map<number, Image>()
  /** Never had a name here: clients of an earlier manager map them. */
  private readonly nameless = new Set<Image>()
  private readonly engine: NativeEngine
  private readonly limits: Limits
  private readonly opener: ImageOpener
  private journal: ImageJournal | undefined
  private past: PastImages | undefined
  private resumption: Resumption | undefined

  constructor(private readonly services: OpenerServices & { readonly limits: Limits }) {
    this.engine = services.engine
    this.limits = services.limits
    this.opener = new ImageOpener(services, (image, reason) => {
      const found = this.byNumber.get(image)
      if (found !== undefined) found.lastError = reason
    })
  }

  /**
   * Goes on where an earlier manager ended: what is added from here on is that manager's image
   * where it is the same, in the same memory. `load` brings all of an image into memory.
   */
  inherit(journal: ImageJournal, past: PastImages, load: (image: Image) => Promise<void>): void {
    const { opener } = this
    const { waitMs } = past
    const { sourceLimits } = this.services
    opener.inherit(past)
    this.journal = journal
    this.past = past
    const limits = awaitedLimits(sourceLimits, waitMs)
    const resumable: ResumableImages = {
      findById: (id) => this.byImageId.get(id),
      findNamed: (name) => this.byName.get(name),
      reopen: (image, memory) => {
        const opened = opener.reopen(image, memory)
        const { owner, paths } = image
        const entry = { ...image, owner, source: paths.join(","), rule: ruleOf(image) }
        return opened && this.enterNameless(entry, opened)
      },
      addAwaited: (image, source, memory) => {
        const opened = opener.openAwaited(image, source, limits, memory)
        const entry = { ...image, source: "awaited", paths: [], isAdded: false }
        const id = image.id ?? opener.nextId()
        return this.enterNameless(entry, { ...opened, id })
      },
      openLoaded: async (image) => {
        await load(image)
        return this.openMemory(image)
      },
      openMemory: (image) => this.openMemory(image),
      hold: (image) => this.retain(image),
      letGo: (image) => this.release(image),
    }
    this.resumption = new Resumption(past, resumable, this.limits)
  }

  /** The image of a region that an earlier manager served. Throws a ClientError for none. */
  resume(wish: ResumedImage, viewer: Identity): Image {
    return this.resumption?.find(wish, viewer) ?? this.find(wish.name, viewer)
  }

  /** For regions whose missing pages nobody can tell any more: each is poison. */
  lose(name: string, lengthBytes: bigint, reason: string): Image {
    const source = {
      length: Number(lengthBytes),
      read: () => Promise.reject(new Error(reason)),
    }
    const limits = awaitedLimits(this.services.sourceLimits, 0)
    const id = this.opener.nextId()
    // Its bytes are those of no other image.
    const image = { name, key: `lost-${id}`, isWritable: false, owner: root.uid, rule: everybody }
    const opened = this.opener.openAwaited(image, source, limits)
    const entry = { ...image, source: "lost", paths: [], isAdded: false }
    return this.enterNameless(entry, { ...opened, id })
  }

  /** Adds those that came by request, once the configured ones have their names. */
  restoreAdded(): void {
    for (const past of this.past?.list() ?? []) {
      const { name, paths, isAdded, isWritable } = past
      if (!isAdded || paths.length === 0 || this.byName.has(name)) continue
      try {
        this.add(name, { ...ruleOf(past), source: paths, writable: isWritable }, true)
      } catch (error) {
        const facts = { image: name, path: paths.join(","), reason: reasonOf(error) }
        this.services.log.warn(facts, "an added image is not restored: add it again")
      }
    }
  }

  /** This manager ends, and its clients may not: the journal stays as it is. */
  leaveToTheNext(): void {
    this.journal?.freeze()
    this.past?.leave()
    this.resumption?.close()
  }

  /** Throws a ClientError when the name is taken or the source cannot be had. */
  add(name: string, wanted: WantedImage, isAdded = false): Image {
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
    const image = { name, isWritable: writable, isAdded, owner: undefined, rule: ruleOf(wanted) }
    if (isPageSource(source)) {
      const entry = { ...image, source: "source", paths: [] }
      return this.enter(entry, this.opener.openSource(image, source))
    }
    const paths = pathsOfSource(source)
    const entry = { ...image, source: paths.join(","), paths }
    return this.enter(entry, this.opener.openFiles(image, paths))
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
    const image = {
      ...{ name: fullName, source, paths: [], owner: uid, rule: everybody },
      ...{ isWritable: false, isAdded: false },
    }
    const opened = this.opener.openDescriptor(image, descriptor)
    const total = published.lengthBytes + opened.lengthBytes
    if (total > BigInt(publishedBytesPerUidMax)) {
      this.engine.removeImage(opened.image)
      const found = `with it user ${uid} would have published ${total} bytes`
      throw refuse(found, `wanted at most ${publishedBytesPerUidMax}`)
    }
    return this.enter(image, opened)
  }

  /** Those that have lost their name and are still mapped count too: they take as much memory. */
  publishedBy(uid: number): { images: number; lengthBytes: bigint } {
    const isPublished = (image: Image) =>
      image.owner === uid && this.resumption?.isStranger(image) !== true
    const images = [...this.byNumber.values()].filter(isPublished)
    const lengthBytes = images.reduce((sum, image) => sum + image.lengthBytes, 0n)
    return { images: images.length, lengthBytes }
  }

  /** The image of that name as far as the client may see it. */
  find(name: string, viewer: Identity): Image {
    const image = this.byName.get(name)
    if (image !== undefined && isVisible(image, viewer)) return image
    const names: string[] = []
    for (const other of this.byName.values()) {
      if (!isVisible(other, viewer)) continue
      names.push(names.length < namesTold ? other.name : "...")
      // A name that is not there costs no more where there are thousands.
      if (names.length > namesTold) break
    }
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
    this.forgetUnused(image)
  }

  /** To be called when an image was asked for and may not have been mapped. */
  forgetUnused(image: Image): void {
    const hasName = this.byName.get(image.name) === image
    const isKnown = this.byNumber.get(image.image) === image
    if (isKnown && image.regions === 0 && !hasName) this.forget(image)
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
  openMemory({ image }: Image): number {
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

  private checkRoomFor(name: string): void {
    if (this.byName.has(name)) {
      throw new ClientError("image_exists", `There is an image "${name}" already`)
    }
    if (this.byName.size >= this.limits.imagesMax) {
      const found = `there are ${this.byName.size} images, the most that limits.images_max allows`
      throw new ClientError("busy", `Cannot add image "${name}": ${found}`)
    }
  }

  private enter(image: NewImage, opened: OpenedImage): Image {
    const entered = this.note(image, opened)
    this.byName.set(entered.name, entered)
    return entered
  }

  private enterNameless(image: NewImage, opened: OpenedImage): Image {
    const entered = this.note(image, opened)
    this.nameless.add(entered)
    return entered
  }

  private note(image: NewImage, opened: OpenedImage): Image {
    const { name, source, paths, isAdded, isWritable, owner, rule } = image
    const known = { name, source, paths, isAdded, isWritable, owner, rule }
    const entered: Image = { ...known, ...opened, lastError: undefined, regions: 0 }
    this.byNumber.set(entered.image, entered)
    this.byImageId.set(entered.id, entered)
    this.journal?.note(entered)
    return entered
  }

  /** Nobody can ask for its bytes any more. */
  private forget(image: Image): void {
    image.fills?.close()
    this.byNumber.delete(image.image)
    this.byImageId.delete(image.id)
    const isNameless = this.nameless.delete(image)
    const isStillWanted = isNameless && this.resumption?.forget(image) === true
    if (isNameless) this.engine.removeImage(image.image)
    if (!isStillWanted) this.journal?.forget(image.id)
  }
}
