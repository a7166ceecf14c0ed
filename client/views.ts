import { constants } from "node:buffer"
import koffi from "koffi"
import { PagerdError } from "./error.js"
import { library, type Pointer } from "./library.js"

/** From Node 21 on an ArrayBuffer's memory can be taken away from it; ES2023's types lack that. */
type Detachable = ArrayBuffer & { readonly detached?: boolean; transfer?(): ArrayBuffer }

/**
 * The ArrayBuffers over one region's memory. The memory is not theirs, so a program may hold one
 * longer than the region lives. Where Node can, they are then detached and have length 0. Where it
 * cannot, whoever reads one crashes: the region's addresses stay taken and untouchable until the
 * last ArrayBuffer has been collected. Nobody ever reads zeros, or what lies there next.
 */
export class Views {
  readonly #address: Pointer
  readonly #byteLength: number
  readonly #made = new Set<WeakRef<Detachable>>()
  #isRetired = false
  #isMovedAway = false

  constructor(address: Pointer, byteLength: number) {
    this.#address = address
    this.#byteLength = byteLength
  }

  make(offset: number, length: number): ArrayBuffer {
    if (length > constants.MAX_LENGTH) {
      throw new PagerdError(
        "view_too_long",
        `An ArrayBuffer of ${length} bytes is over the limit of ${constants.MAX_LENGTH} of Node ` +
          `${process.version}: take parts with view(offset, length)`,
      )
    }
    const view = koffi.view(this.#address + BigInt(offset), length)
    const reference = new WeakRef(view)
    this.#made.add(reference)
    collected.register(view, () => this.#forget(reference))
    return view
  }

  /** To be called once the region was retired: nobody can touch its memory any more. */
  retire(): void {
    if (this.#isRetired) return
    this.#isRetired = true
    for (const reference of this.#made) {
      const view = reference.deref()
      // Moved by the program to an ArrayBuffer of its own, whose end nobody tells us: the addresses
      // stay taken for ever.
      if (view?.detached === true) this.#isMovedAway = true
      else view?.transfer?.()
    }
    this.#releaseWhenEmpty()
  }

  #forget(reference: WeakRef<Detachable>): void {
    this.#made.delete(reference)
    this.#releaseWhenEmpty()
  }

  #releaseWhenEmpty(): void {
    if (!this.#isRetired || this.#isMovedAway || this.#made.size > 0) return
    library().release(this.#address, this.#byteLength)
  }
}

const collected = new FinalizationRegistry<() => void>((forget) => forget())
