import { buildImage, type Mode, type Pager, type WasmImage } from "../../../client/index.js"
import { type WasmModule, webAssembly } from "../../../client/wasm/webassembly.js"
import { initialisedBytes, type MeasuredExports, measuredModule } from "./module.js"

/** One instance, made in one of the ways that are compared. */
export interface Made {
  readonly exports: MeasuredExports
  /** Puts its memory back to what it was made with. */
  reset(): Promise<unknown>
  close(): Promise<void>
}

export const ways = ["data segments", "JS copy", "copy", "share", "cow"] as const
export type Way = (typeof ways)[number]
export const isPaged = (way: Way): way is "copy" | "share" | "cow" =>
  way !== "data segments" && way !== "JS copy"

/** A module's memory of some size, ready to be instantiated in every way. */
export class Subject {
  private constructor(
    readonly bytes: number,
    readonly snapshot: Uint8Array,
    readonly image: WasmImage,
    private readonly pager: Pager,
    private readonly withData: WasmModule,
    private readonly withoutData: WasmModule,
    readonly compileMs: number,
  ) {}

  static async prepare(pager: Pager, bytes: number): Promise<Subject> {
    const snapshot = initialisedBytes(bytes)
    const binary = measuredModule(bytes, snapshot)
    const begun = performance.now()
    const withData = await webAssembly.compile(binary)
    const compileMs = performance.now() - begun
    const withoutData = await webAssembly.compile(measuredModule(bytes))
    const image = await buildImage(binary)
    return new Subject(bytes, snapshot, image, pager, withData, withoutData, compileMs)
  }

  async make(way: Way): Promise<Made> {
    if (isPaged(way)) return await this.paged(way)
    const module = way === "JS copy" ? this.withoutData : this.withData
    const exports = new webAssembly.Instance(module, {}).exports as unknown as MeasuredExports
    const copyIn = async () => new Uint8Array(exports.memory.buffer).set(this.snapshot)
    if (way === "JS copy") await copyIn()
    return { exports, reset: copyIn, close: async () => {} }
  }

  private async paged(mode: Mode): Promise<Made> {
    const instance = await this.pager.instantiate<MeasuredExports>(this.image, {}, { mode })
    const { exports } = instance
    return { exports, reset: () => instance.reset(), close: () => instance.close() }
  }
}
