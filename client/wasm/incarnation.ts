import { PagerdError } from "../error.js"
import type { MapOptions } from "../map_options.js"
import type { PagedMemory } from "../paged_memory.js"
import { ownExports } from "./exports.js"
import type { WasmImage } from "./image.js"
import { withMemory } from "./imports.js"
import { attachImage, type ImagePager } from "./publish.js"
import { differingConstant, GlobalValues } from "./state.js"
import {
  type Exports,
  type GrowableMemory,
  type Imports,
  pagesOf,
  webAssembly,
} from "./webassembly.js"

/** An instance of an image's module on paged memory. A reset may end one and make another. */
export class Incarnation {
  #own: Exports | undefined
  #isTableTaken = false

  private constructor(
    private readonly image: WasmImage,
    private readonly raw: Exports,
    readonly paged: PagedMemory,
    readonly memory: GrowableMemory,
    private readonly globals: GlobalValues,
  ) {}

  /** Nothing of the module runs before its memory is the image. */
  static async create(
    pager: ImagePager,
    image: WasmImage,
    given: Imports,
    options: MapOptions,
  ): Promise<Incarnation> {
    const { description, names } = image
    const differing = differingConstant(given, description.constants)
    if (differing !== undefined) {
      const { name, found, wanted } = differing
      throw new PagerdError(
        "bad_argument",
        `The import ${name} is ${found}, and was ${wanted} when the image was built`,
      )
    }
    const imports = withMemory(given, description.memory)
    const { exports } = new webAssembly.Instance(image.module, imports)
    const memory = exports[names.memory] as GrowableMemory
    const paged = await attachImage(pager, image, memory, options)
    if (paged.byteLength !== image.byteLength) {
      await paged.discard()
      throw new PagerdError(
        "bad_argument",
        `Image ${image.imageName} has ${paged.byteLength} bytes, wanted ${image.byteLength}`,
      )
    }
    const globals = new GlobalValues(exports, names, description.globals)
    globals.restore()
    return new Incarnation(image, exports, paged, memory, globals)
  }

  get exports(): Exports {
    this.#own ??= ownExports(this.raw, this.image.names, () => {
      this.#isTableTaken = true
    })
    return this.#own
  }

  /** Why only another incarnation can be like a fresh instance; undefined: this one can. */
  get obstacle(): string | undefined {
    const { not_in_place, memory } = this.image.description
    if (not_in_place !== undefined) return not_in_place
    if (this.#isTableTaken) return "a table was taken from its exports"
    const pages = pagesOf(this.memory)
    return pages === memory.initial ? undefined : `its memory has grown to ${pages} pages`
  }

  resetInPlace(): void {
    this.paged.reset()
    this.globals.restore()
  }

  /** Another incarnation with these imports must not have this one's memory. */
  requireOtherMemory(given: Imports): void {
    const { imported } = this.image.description.memory
    if (imported === undefined || given[imported.module]?.[imported.name] !== this.memory) return
    throw new PagerdError(
      "bad_argument",
      `Cannot reset: ${this.obstacle}, so a new instance is needed, and the imports hold a ` +
        "memory that it would share with this one: give imports as a function",
    )
  }

  async end(): Promise<void> {
    await this.paged.discard()
  }
}
