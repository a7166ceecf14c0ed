import { PagerdError } from "../error.js"
import type { WasmImage } from "./image.js"
import type { ResetKind, WasmInstance } from "./instance.js"
import type { Exports, GrowableMemory } from "./webassembly.js"

/** "discarded": it could not be reset, so the slot's next instance is a new one. */
export type ReleaseKind = ResetKind | "discarded"

/**
 * The use of a pool's instance, from take() to release(). After that everything it gave throws:
 * its exports, also those that were taken before, and itself. (A view of its memory cannot be taken
 * back: do not keep one.)
 */
export class Lease<Own extends object = Exports> {
  readonly #instance: WasmInstance<Own>
  readonly #giveBack: () => Promise<ReleaseKind>
  #exports: Own | undefined
  #released: Promise<ReleaseKind> | undefined

  /** By WasmPool.take(). */
  constructor(
    instance: WasmInstance<Own>,
    /** The number of its slot, from 0 on. */
    readonly slot: number,
    giveBack: () => Promise<ReleaseKind>,
  ) {
    this.#instance = instance
    this.#giveBack = giveBack
  }

  get image(): WasmImage {
    return this.#instance.image
  }

  get exports(): Own {
    this.#requireHeld()
    this.#exports ??= guarded(this.#instance.exports, () => this.#requireHeld())
    return this.#exports
  }

  get memory(): GrowableMemory {
    this.#requireHeld()
    return this.#instance.memory
  }

  /**
   * Gives the instance back, which is then reset; resolves when it can be taken again, and says
   * how. Never rejects. A second call changes nothing.
   */
  release(): Promise<ReleaseKind> {
    this.#released ??= this.#giveBack()
    return this.#released
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release()
  }

  #requireHeld(): void {
    if (this.#released === undefined) return
    throw new PagerdError("closed", `The lease of slot ${this.slot} was released`)
  }
}

type AnyFunction = (...given: unknown[]) => unknown

/**
 * The same exports, with every function asking first. Made in the same time however many exports
 * there are.
 */
function guarded<Own extends object>(exports: Own, requireHeld: () => void): Own {
  const wrapped = new Map<string | symbol, unknown>()
  const get = (name: string | symbol): unknown => {
    requireHeld()
    const known = wrapped.get(name)
    if (known !== undefined) return known
    const value = Reflect.get(exports, name)
    if (typeof value !== "function") return value
    const call = (...given: unknown[]): unknown => {
      requireHeld()
      return (value as AnyFunction)(...given)
    }
    wrapped.set(name, call)
    return call
  }
  return new Proxy(Object.create(null), {
    get: (_, name) => get(name),
    has: (_, name) => Reflect.has(exports, name),
    ownKeys: () => Reflect.ownKeys(exports),
    // Listing the names must not count as taking what they name.
    getOwnPropertyDescriptor: (_, name) =>
      Reflect.has(exports, name)
        ? { configurable: true, enumerable: true, get: () => get(name) }
        : undefined,
    set: () => false,
    defineProperty: () => false,
  }) as Own
}
