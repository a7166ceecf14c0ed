import type { WasmImage } from "./image.js"
import { type InstantiateOptions, WasmInstance } from "./instance.js"
import type { ReleaseKind } from "./lease.js"
import type { ImagePager } from "./publish.js"
import type { Imports } from "./webassembly.js"

export interface SlotOptions extends InstantiateOptions {
  /** What each slot's instances import. Called again whenever an instance is made anew. */
  readonly imports?: Imports | ((slot: number) => Imports)
}

/** A place for one instance, which stays until another image needs the place. */
export class Slot {
  #instance: WasmInstance | undefined
  isOut = false
  /** Counts up with every return: the least is the one that was used longest ago. */
  lastUse = 0

  constructor(
    readonly index: number,
    private readonly pager: ImagePager,
    private readonly options: SlotOptions,
  ) {}

  get image(): WasmImage | undefined {
    return this.#instance?.image
  }

  /** Its instance of the image, like new. */
  async prepare(image: WasmImage): Promise<WasmInstance> {
    if (this.#instance?.image === image) return this.#instance
    await this.clear()
    const { imports = {}, ...options } = this.options
    const ofSlot = typeof imports === "function" ? () => imports(this.index) : imports
    this.#instance = await WasmInstance.create(this.pager, image, ofSlot, options)
    return this.#instance
  }

  async reset(): Promise<ReleaseKind> {
    try {
      return (await this.#instance?.reset()) ?? "discarded"
    } catch {
      // Whatever it was meets the next user again, if it lasts, when a new instance is made.
      await this.clear().catch(() => {})
      return "discarded"
    }
  }

  async clear(): Promise<void> {
    const ending = this.#instance
    this.#instance = undefined
    await ending?.close()
  }
}

/** The free slot to take for an image: its last one, else an empty one, else the longest unused. */
export function chooseSlot(slots: readonly Slot[], image: WasmImage): Slot | undefined {
  const rank = (slot: Slot): number => (slot.image === image ? 2 : slot.image === undefined ? 1 : 0)
  const free = slots.filter(({ isOut }) => !isOut)
  return free.reduce<Slot | undefined>((best, slot) => {
    if (best === undefined || rank(slot) > rank(best)) return slot
    if (rank(slot) < rank(best)) return best
    // Among several that ran it, the latest, whose pages are the likeliest to be near.
    const isLater = slot.lastUse > best.lastUse
    return isLater === (rank(slot) === 2) ? slot : best
  }, undefined)
}
