import type { Engine } from "../engine/engine.js"
import { ClientError } from "../errors.js"
import type { Logger } from "../log.js"
import type { Image, ImageRegistry } from "./registry.js"

/** Brings whole images into memory. Those who ask for one at the same time wait for one load. */
export class ImageLoader {
  private readonly loading = new Map<Image, Promise<void>>()

  constructor(
    private readonly engine: Pick<Engine, "load">,
    private readonly images: ImageRegistry,
    private readonly log: Logger,
  ) {}

  /** Resolves once all of the image is resident; rejects with a ClientError when it cannot be. */
  load(image: Image): Promise<void> {
    if (this.images.residency(image).isFull) return Promise.resolve()
    const underWay = this.loading.get(image)
    if (underWay !== undefined) return underWay
    const load = this.loadNow(image).finally(() => this.loading.delete(image))
    this.loading.set(image, load)
    return load
  }

  private async loadNow(image: Image): Promise<void> {
    const facts = { image: image.name, length_bytes: Number(image.lengthBytes) }
    const startMs = performance.now()
    this.log.info(facts, "loading an image")
    await this.engine.load(image.image).catch((thrown) => {
      if (!(thrown instanceof ClientError)) throw thrown
      const message = `Cannot load image "${image.name}": ${thrown.message}`
      this.log.warn({ ...facts, code: thrown.code }, message)
      throw new ClientError(thrown.code, message)
    })
    const took_ms = Math.round(performance.now() - startMs)
    this.log.info({ ...facts, took_ms }, "the image is resident")
  }
}
