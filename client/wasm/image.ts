import { PrivateNames } from "./binary/rewrite.js"
import type { ImageDescription } from "./description.js"
import { type MemoryBytes, saveImage } from "./save_image.js"
import { type WasmModule, wasmPageBytes } from "./webassembly.js"

/**
 * An initialised instance, to make others from: its memory, its mutable globals, and the module
 * without what would write to its memory again. By buildImage() or openImage(); never changes.
 */
export class WasmImage {
  readonly names: PrivateNames

  constructor(
    readonly description: ImageDescription,
    /** The stripped module. */
    readonly moduleBytes: Uint8Array<ArrayBuffer>,
    readonly module: WasmModule,
    readonly memory: MemoryBytes,
    /** The manager's own name for the memory, when it has it already. */
    readonly imageName: string | undefined,
  ) {
    this.names = new PrivateNames(description.module.private_prefix)
  }

  get name(): string {
    return this.description.name
  }

  /** Of its memory, in bytes. */
  get byteLength(): number {
    return this.description.memory.initial * wasmPageBytes
  }

  /**
   * Writes the image into a directory, which is made if need be: `memory`, a sparse file of the
   * memory's bytes as `pagerd serve --image` takes it, `module.wasm` and `image.json`.
   */
  async save(directory: string): Promise<void> {
    await saveImage(this, directory)
  }
}
