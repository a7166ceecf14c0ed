import { randomUUID } from "node:crypto"
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type { ImageDescription } from "./description.js"
import { writeSparse } from "./sparse_file.js"

export const imageFiles = {
  memory: "memory",
  module: "module.wasm",
  description: "image.json",
} as const

/** Where a memory's bytes are: here, or in a file of exactly these. */
export type MemoryBytes =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "file"; readonly path: string }

interface Savable {
  readonly description: ImageDescription
  readonly moduleBytes: Uint8Array
  readonly memory: MemoryBytes
}

/**
 * Each file is written beside its place and moved there, the description last. A manager that
 * serves an older image from the same directory sees another file, never a changed one.
 */
export async function saveImage(image: Savable, directory: string): Promise<void> {
  await mkdir(directory, { recursive: true })
  const write = async (name: string, writeTo: (path: string) => Promise<void>): Promise<void> => {
    const path = join(directory, `.${name}.${randomUUID()}`)
    try {
      await writeTo(path)
      await rename(path, join(directory, name))
    } catch (error) {
      await rm(path, { force: true })
      throw error
    }
  }
  const memory =
    image.memory.kind === "bytes" ? image.memory.bytes : await readFile(image.memory.path)
  await write(imageFiles.memory, (path) => writeSparse(path, memory))
  await write(imageFiles.module, (path) => writeFile(path, image.moduleBytes))
  const text = `${JSON.stringify(image.description, undefined, 2)}\n`
  await write(imageFiles.description, (path) => writeFile(path, text))
}
