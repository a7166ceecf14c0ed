import { randomUUID } from "node:crypto"
import { rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { PagerdError } from "../error.js"
import type { MapOptions } from "../map_options.js"
import type { PagedMemory, WasmMemory } from "../paged_memory.js"
import type { WasmImage } from "./image.js"
import { writeSparse } from "./sparse_file.js"

/** What is used of a Pager. */
export interface ImagePager {
  attachMemory(memory: WasmMemory, image: string, options: MapOptions): Promise<PagedMemory>
  publish(name: string, file: string): Promise<string>
}

/** Names in the manager by the hash of the bytes behind them. */
type Names = Map<string, Promise<string>>

const namesOfPagers = new WeakMap<ImagePager, Names>()
/** Each time the process that had published it may have gone just then. */
const attemptsMax = 3

/**
 * Attaches an image's bytes to a memory. The pager publishes them on first use; when this user has
 * published them through another pager, it goes by that name.
 */
export async function attachImage(
  pager: ImagePager,
  image: WasmImage,
  memory: WasmMemory,
  options: MapOptions,
): Promise<PagedMemory> {
  if (image.imageName !== undefined) {
    return await pager.attachMemory(memory, image.imageName, options)
  }
  const names = namesOf(pager)
  const { sha256 } = image.description.memory
  for (let attempt = 1; ; attempt += 1) {
    const isLast = attempt === attemptsMax
    const published = names.get(sha256) ?? publish(pager, image, isLast)
    names.set(sha256, published)
    try {
      return await pager.attachMemory(memory, await published, options)
    } catch (error) {
      const isUnknown = error instanceof PagerdError && error.code === "unknown_image"
      if (names.get(sha256) === published && (isUnknown || (await isRejected(published)))) {
        names.delete(sha256)
      }
      if (!isUnknown || isLast) throw error
    }
  }
}

function namesOf(pager: ImagePager): Names {
  const known = namesOfPagers.get(pager)
  if (known !== undefined) return known
  const names: Names = new Map()
  namesOfPagers.set(pager, names)
  return names
}

const isRejected = (promise: Promise<unknown>): Promise<boolean> =>
  promise.then(
    () => false,
    () => true,
  )

/** `isOwn`: under a name that no other pager uses. */
async function publish(pager: ImagePager, image: WasmImage, isOwn: boolean): Promise<string> {
  const shared = `wasm/${image.description.memory.sha256.slice(0, 32)}`
  const name = isOwn ? `${shared}-${randomUUID()}` : shared
  try {
    return await withMemoryFile(image, (path) => pager.publish(name, path))
  } catch (error) {
    const isTaken = error instanceof PagerdError && error.code === "image_exists"
    if (!isTaken) throw error
    return `u${process.getuid?.()}/${name}`
  }
}

/** The manager keeps the file open: its name is not needed for longer than this. */
async function withMemoryFile<Result>(
  { memory }: WasmImage,
  use: (path: string) => Promise<Result>,
): Promise<Result> {
  if (memory.kind === "file") return await use(memory.path)
  const path = join(tmpdir(), `pagerd-wasm-${randomUUID()}`)
  try {
    await writeSparse(path, memory.bytes)
    return await use(path)
  } finally {
    await rm(path, { force: true })
  }
}
