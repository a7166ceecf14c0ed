import type { SourceLimits } from "../config.js"
import type { AddedImage, NativeEngine } from "../engine/native.js"
import { ClientError, reasonOf } from "../errors.js"
import type { Logger } from "../log.js"
import { FillQueue } from "./fill_queue.js"
import type { PastImage } from "./image_journal.js"
import { type ImageKey, keyOfFile, keyOfSource } from "./image_key.js"
import { checkPageSource, type PageSource } from "./page_source.js"
import type { PastImages } from "./past_images.js"
import type { Image } from "./registry.js"
import { checkImageFiles } from "./source.js"
import { SourceLog } from "./source_log.js"

/** As the engine has it, and what tells it from others. */
export type OpenedImage = AddedImage & Pick<Image, "id" | "key" | "fills">

export interface OpenerServices {
  readonly engine: NativeEngine
  readonly sourceLimits: SourceLimits
  readonly log: Logger
}

type Wanted = Pick<Image, "name" | "isWritable">
/** `memory`: a descriptor of memory to go on with. */
type Open = (memory?: number) => Omit<OpenedImage, "id">

/**
 * Has the engine open images: in the memory of an earlier manager, if it had this very image there,
 * else in memory of their own. JS thread; owned by the registry.
 */
export class ImageOpener {
  private past: PastImages | undefined
  private lastId = 0

  constructor(
    private readonly services: OpenerServices,
    private readonly onReadFailure: (image: number, reason: string) => void,
  ) {}

  inherit(past: PastImages): void {
    this.past = past
    this.lastId = past.lastId
  }

  /** These throw a ClientError when the image cannot be had. */
  openFiles(image: Wanted, paths: readonly string[]): OpenedImage {
    const hiding = checkImageFiles(paths)
    if (hiding.length > 0) {
      const message = "a newer layer has no holes and hides what lies beneath: was it copied so?"
      this.services.log.warn({ image: image.name, layers: hiding }, message)
    }
    return this.inBestMemory(image, undefined, this.filesAt(paths, image.isWritable))
  }

  openDescriptor(image: Wanted, descriptor: number): OpenedImage {
    const { engine } = this.services
    return this.inBestMemory(image, undefined, (memory) =>
      keyed(engine.addDescriptorImage(descriptor, memory)),
    )
  }

  openSource(image: Wanted, source: PageSource): OpenedImage {
    checkPageSource(image.name, source)
    const key = keyOfSource(image.name, source)
    const { sourceLimits } = this.services
    return this.inBestMemory(image, key, this.sourceOf(image, key, source, sourceLimits))
  }

  /** Files that an earlier manager had; undefined when they are not those any more. */
  reopen(past: PastImage, memory: number | undefined): OpenedImage | undefined {
    const { paths, id, key } = past
    if (paths.length === 0) return undefined
    const opened = this.tryOpen(this.filesAt(paths, past.isWritable), memory)
    return opened?.key === key ? { ...opened, id } : this.discard(opened)
  }

  openAwaited(
    image: Wanted & Pick<Image, "key">,
    source: PageSource,
    limits: SourceLimits,
    memory?: number,
  ): Omit<OpenedImage, "id"> {
    const open = this.sourceOf(image, image.key, source, limits)
    return this.orRefuse(image.name, () => open(memory))
  }

  nextId(): number {
    this.lastId += 1
    return this.lastId
  }

  private filesAt(paths: readonly string[], isWritable: boolean): Open {
    const { engine } = this.services
    return (memory) => keyed(engine.addFileImage(paths, isWritable, memory))
  }

  private sourceOf(image: Wanted, key: ImageKey, source: PageSource, limits: SourceLimits): Open {
    const { engine, log } = this.services
    return (memory) => {
      const opened = engine.addSourceImage(BigInt(source.length), image.isWritable, memory)
      const note = (reason: string) => this.onReadFailure(opened.image, reason)
      const sourceLog = new SourceLog(image.name, log, limits, note)
      return { ...opened, key, fills: new FillQueue(source, engine, limits, sourceLog) }
    }
  }

  /** `key`: where it is known before the image is open. */
  private inBestMemory(wanted: Wanted, key: ImageKey | undefined, open: Open): OpenedImage {
    const { name, isWritable } = wanted
    const past = this.past?.named(name, isWritable)
    const memory = past && this.past?.memoryOf(past)
    if (past !== undefined && memory !== undefined && (key ?? past.key) === past.key) {
      const opened = this.tryOpen(open, memory)
      if (opened?.key === past.key) {
        this.past?.take(past)
        return { ...opened, id: past.id }
      }
      this.discard(opened)
    }
    return { ...this.orRefuse(name, () => open()), id: this.nextId() }
  }

  private discard(opened: Omit<OpenedImage, "id"> | undefined): undefined {
    if (opened === undefined) return
    opened.fills?.close()
    this.services.engine.removeImage(opened.image)
  }

  private tryOpen(open: Open, memory: number | undefined): ReturnType<Open> | undefined {
    try {
      return open(memory)
    } catch (error) {
      this.services.log.debug({ reason: reasonOf(error) }, "an earlier image cannot be had again")
      return undefined
    }
  }

  private orRefuse<Opened>(name: string, open: () => Opened): Opened {
    try {
      return open()
    } catch (error) {
      const reason = reasonOf(error)
      throw new ClientError("image_failed", `Cannot take "${name}" as an image: ${reason}`)
    }
  }
}

const keyed = (added: AddedImage): ReturnType<Open> => ({
  ...added,
  key: keyOfFile(added.file),
  fills: undefined,
})
