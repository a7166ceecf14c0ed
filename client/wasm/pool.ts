import { PagerdError } from "../error.js"
import { wholeNumber } from "../map_options.js"
import type { WasmImage } from "./image.js"
import type { WasmInstance } from "./instance.js"
import { Lease, type ReleaseKind } from "./lease.js"
import { type ImagePager, loadImage } from "./publish.js"
import { chooseSlot, Slot, type SlotOptions } from "./slot.js"
import { WaitingLine, type WaitOptions } from "./waiting_line.js"
import type { Exports } from "./webassembly.js"

export interface PoolOptions extends SlotOptions {
  /** How many instances there are at most. */
  readonly slots: number
  /** How many may wait in take() at most. Default 1,000. */
  readonly waitersMax?: number
}

export interface TakeOptions extends WaitOptions {
  /** Which of the pool's images; may be left out when it has one. */
  readonly image?: WasmImage
}

/**
 * Instances of one image or several, made when they are first needed, lent out and put back to
 * their image in between. By Pager.pool().
 */
export class WasmPool<Own extends object = Exports> {
  readonly #images: readonly WasmImage[]
  readonly #slots: readonly Slot[]
  readonly #line: WaitingLine<Slot>
  #uses = 0
  #end: Promise<void> | undefined
  #onAllBack: (() => void) | undefined

  private constructor(
    pager: ImagePager,
    images: readonly WasmImage[],
    { slots, waitersMax = 1_000, ...options }: PoolOptions,
  ) {
    if (images.length === 0) throw new PagerdError("bad_argument", "A pool of no image, wanted one")
    if (wholeNumber("slots", slots, 100_000) === 0) {
      throw new PagerdError("bad_argument", "slots is 0, wanted 1 or more")
    }
    this.#images = images
    this.#slots = Array.from({ length: slots }, (_, index) => new Slot(index, pager, options))
    this.#line = new WaitingLine(wholeNumber("waitersMax", waitersMax))
  }

  /**
   * Images that are published from here are loaded first, so that the manager can choose "cow":
   * they are used again and again.
   */
  static async create<Own extends object = Exports>(
    pager: ImagePager,
    images: WasmImage | readonly WasmImage[],
    options: PoolOptions,
  ): Promise<WasmPool<Own>> {
    const list = "length" in images ? images : [images]
    const pool = new WasmPool<Own>(pager, list, options)
    const { mode = "auto" } = options
    if (mode === "auto" || mode === "cow") {
      await Promise.all(list.map((image) => loadImage(pager, image)))
    }
    return pool
  }

  /**
   * An instance that is like new. When all slots are out this waits, behind those who came before.
   */
  async take(options: TakeOptions = {}): Promise<Lease<Own>> {
    this.#requireOpen()
    const image = this.#imageOf(options)
    options.signal?.throwIfAborted()
    const slot = this.#takeSlot(image) ?? (await this.#line.join(options))
    try {
      const instance = await slot.prepare(image)
      options.signal?.throwIfAborted()
      const typed = instance as unknown as WasmInstance<Own>
      return new Lease<Own>(typed, slot.index, () => this.#giveBack(slot))
    } catch (error) {
      this.#putBack(slot)
      throw error
    }
  }

  /** Lends nothing any more, waits until all leases were released, and ends the instances. */
  async close(): Promise<void> {
    this.#end ??= this.#close()
    await this.#end
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #takeSlot(image: WasmImage): Slot | undefined {
    const slot = chooseSlot(this.#slots, image)
    if (slot !== undefined) slot.isOut = true
    return slot
  }

  async #giveBack(slot: Slot): Promise<ReleaseKind> {
    const kind = await slot.reset()
    this.#putBack(slot)
    return kind
  }

  #putBack(slot: Slot): void {
    this.#uses += 1
    slot.lastUse = this.#uses
    if (this.#line.serve(slot)) return
    slot.isOut = false
    if (this.#slots.every(({ isOut }) => !isOut)) this.#onAllBack?.()
  }

  async #close(): Promise<void> {
    this.#line.sendAway(closed())
    if (this.#slots.some(({ isOut }) => isOut)) {
      await new Promise<void>((resolve) => {
        this.#onAllBack = resolve
      })
    }
    await Promise.all(this.#slots.map((slot) => slot.clear()))
  }

  #imageOf({ image }: TakeOptions): WasmImage {
    const [first, second] = this.#images
    if (image === undefined && second !== undefined) {
      const text = `take() of a pool of ${this.#images.length} images, wanted \`image\``
      throw new PagerdError("bad_argument", text)
    }
    const wanted = image ?? first
    if (wanted !== undefined && this.#images.includes(wanted)) return wanted
    throw new PagerdError("bad_argument", `The image ${image?.name} is none of this pool's`)
  }

  #requireOpen(): void {
    if (this.#end !== undefined) throw closed()
  }
}

const closed = (): PagerdError => new PagerdError("closed", "The pool was closed")
