import type { Mode } from "../../protocol/messages.js"
import { PagerdError } from "../error.js"
import type { WasmImage } from "./image.js"
import { Incarnation } from "./incarnation.js"
import type { ImagePager } from "./publish.js"
import type { Exports, GrowableMemory, Imports } from "./webassembly.js"

/** Imports, or a function that makes them for each instance that a reset makes anew. */
export type ImportsOrMaker = Imports | (() => Imports)

/** How a reset was done. */
export type ResetKind = "in_place" | "reinstantiated"

export interface InstantiateOptions {
  /** As for Pager.map(). */
  readonly mode?: Mode
  /** Fault-around window, in bytes: as for Pager.map(). */
  readonly window?: number
}

/**
 * An instance of a WasmImage, its memory paged in on first touch. By Pager.instantiate(). One call
 * of its exports must have returned before reset() or close() is called.
 */
export class WasmInstance<Own extends object = Exports> {
  #current: Incarnation | undefined
  #isClosed = false
  /** Resets and the close, one after another. */
  #last: Promise<unknown> = Promise.resolve()

  private constructor(
    readonly image: WasmImage,
    private readonly renew: (used?: Incarnation) => Promise<Incarnation>,
    first: Incarnation,
  ) {
    this.#current = first
  }

  static async create<Own extends object = Exports>(
    pager: ImagePager,
    image: WasmImage,
    imports: ImportsOrMaker,
    options: InstantiateOptions,
  ): Promise<WasmInstance<Own>> {
    const renew = async (used?: Incarnation): Promise<Incarnation> => {
      const given = typeof imports === "function" ? imports() : imports
      used?.requireOtherMemory(given)
      return await Incarnation.create(pager, image, given, options)
    }
    return new WasmInstance<Own>(image, renew, await renew())
  }

  /** The module's exports. Take them, and views of the memory, anew after each reset. */
  get exports(): Own {
    return this.#open().exports as Own
  }

  get memory(): GrowableMemory {
    return this.#open().memory
  }

  /** The mode the manager took, never "auto", and its reason. */
  get mode(): Mode {
    return this.#open().paged.mode
  }

  get why(): string {
    return this.#open().paged.why
  }

  /**
   * Makes it equal to a fresh instance: memory, globals, tables. Usually in place. Where something
   * cannot be undone (memory that has grown, a table that may have changed), a new instance takes
   * its place; that needs the manager.
   */
  async reset(): Promise<ResetKind> {
    return await this.#next(() => this.#reset())
  }

  /** Ends it. Nothing of it may be called or read any more. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#next(async () => {
      const ending = this.#current
      this.#current = undefined
      await ending?.end()
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #open(): Incarnation {
    if (this.#current !== undefined && !this.#isClosed) return this.#current
    const found = this.#isClosed ? "was closed" : "is being reset"
    throw new PagerdError("closed", `The instance ${found}`)
  }

  async #reset(): Promise<ResetKind> {
    const used = this.#open()
    if (used.obstacle === undefined) {
      used.resetInPlace()
      return "in_place"
    }
    this.#current = undefined
    try {
      this.#current = await this.renew(used)
    } catch (error) {
      this.#current = used
      throw error
    }
    await used.end()
    return "reinstantiated"
  }

  async #next<Result>(run: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(run)
    this.#last = result.catch(() => {})
    return await result
  }
}
