import { type BuildOptions, buildImage, type WasmImage } from "../../client/index.js"
import { smallFunctions } from "./code.js"
import { type ModuleSpec, writeModule } from "./module_writer.js"

export const dataOffset = 65_530
export const dataBytes = Uint8Array.from({ length: 5_000 }, (_, index) => (index * 7 + 3) & 0xff)

/** What a small module of the functions in code.ts is made of; some parts may be others. */
export const smallModule = (changes: ModuleSpec = {}): Uint8Array<ArrayBuffer> =>
  writeModule({
    memories: [{ initial: 4, maximum: 64 }],
    globals: [{ type: "i32", isMutable: true, value: 7 }],
    data: [{ offset: dataOffset, bytes: dataBytes }],
    functions: smallFunctions,
    ...changes,
  })

/** An image of it with `mark` as its first byte. */
export async function smallImage(mark = 0, options: BuildOptions = {}): Promise<WasmImage> {
  return await buildImage(smallModule(), {
    init: ({ memory }) => {
      new Uint8Array(memory.buffer)[0] = mark
    },
    ...options,
  })
}
