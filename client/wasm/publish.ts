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
  load(image: string): Promise<void>
}

/** Names in the manager by the hash of the bytes behind them. */
type Names = Map<string, Promise<string>>

const namesOfPagers = new WeakMap<ImagePager, Names>()
/**
 * The process that had published it may have gone just then, or the manager may have dropped some
 * of what was loaded.
 */
const attemptsMax = 4

/**
 * Attaches an image's bytes to a memory. The pager publishes them on first use; when this user has
 * published them through another pager, it goes by that name. What we publish we may also load:
 * mode "cow" needs all of it in the manager's memory.
 */
export async function attachImage(
  pager: ImagePager,
  image: WasmImage,
  memory: WasmMemory,
  options: MapOptions,
): Promise<PagedMemory> {
  const attach = (name: string) => pager.attachMemory(memory, name, options)
  if (image.imageName !== undefined) return await attach(image.imageName)
  for (let attempt = 1; ; attempt += 1) {
    const isLast = attempt === attemptsMax
    const name = await publishOnce(pager, image, isLast)
    try {
      return await attach(name)
    } catch (error) {
      if (isLast) throw error
      if (hasCode(error, "unknown_image")) namesOf(pager).delete(hashOf(image))
      else if (hasCode(error, "not_resident")) await pager.load(name)
      else throw error
    }
  }
}

/** Has the manager take all bytes of an image that we publish into its memory. */
export async function loadImage(pager: ImagePager, image: WasmImage): Promise<void> {
  if (image.imageName !== undefined) return
  await pager.load(await publishOnce(pager, image))
}

const hasCode = (error: unknown, code: string): boolean =>
  error instanceof PagerdError && error.code === code

const hashOf = (image: WasmImage): string => image.description.memory.sha256

async function publishOnce(pager: ImagePager, image: WasmImage, isOwn = false): Promise<string> {
  const names = namesOf(pager)
  const hash = hashOf(image)
  const published = names.get(hash) ?? publish(pager, image, isOwn)
  names.set(hash, published)
  try {
    return await published
  } catch (error) {
    if (names.get(hash) === published) names.delete(hash)
    throw error
  }
}

function namesOf(pager: ImagePager): Names {
  const known = namesOfPagers.get(pager)
  if (known !== undefined) return known
  const names: Names = new Map()
  namesOfPagers.set(pager, names)
  return names
}

/** `isOwn`: under a name that no other pager uses, so that nobody else can take it away. */
async function publish(pager: ImagePager, image: WasmImage, isOwn: boolean): Promise<string> {
  const shared = `wasm/${hashOf(image).slice(0, 32)}`
  const name = isOwn ? `${shared}-${randomUUID()}` : shared
  try {
    return await withMemoryFile(image, (path) => pager.publish(name, path))
  } catch (error) {
    if (!hasCode(error, "image_exists")) throw error
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
