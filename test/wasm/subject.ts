import type { WasmMemory } from "../../client/index.js"

/** Puts an image in place of a memory's bytes. */
export type Attach = (memory: WasmMemory) => Promise<void>

/** A package from npm that computes in WebAssembly, and an image of it at work. */
export interface Subject {
  readonly name: string
  /** The linear memory of an instance that has learnt what it is asked for. */
  readonly image: Uint8Array
  /** Has a new instance answer, which can only know from the image. */
  answer(attach: Attach): Promise<readonly string[]>
  /** Found by other means. */
  readonly expected: readonly string[]
}
