import { createHash } from "node:crypto"
import { closeSync, mkdirSync, openSync, readFileSync, readSync, statSync } from "node:fs"
import { join } from "node:path"
import { mebibyte } from "../output/units.js"
import { breathe } from "./breathe.js"
import { buildImage } from "./image_writer.js"
import type { CacheOptions, CachePaths, Manifest, PreparedImage, Recipe } from "./recipe.js"

/**
 * Takes an image from the cache when it is there, whole and made by this recipe; else builds it.
 */
export async function prepareImage<Facts>(
  recipe: Recipe<Facts>,
  options: CacheOptions,
): Promise<PreparedImage<Facts>> {
  makeDirectory(options.directory)
  const paths = {
    image: join(options.directory, `${recipe.name}.image`),
    manifest: join(options.directory, `${recipe.name}.json`),
  }
  const cached = options.isFresh ? undefined : await validManifest(recipe, paths, options)
  const manifest = cached ?? (await buildImage(recipe, paths, options))
  return {
    name: recipe.name,
    path: paths.image,
    lengthBytes: manifest.length_bytes,
    wasCached: cached !== undefined,
    facts: manifest.facts,
  }
}

function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true })
  } catch (error) {
    const reason = (error as Error).message
    throw new Error(`Cannot make a cache: ${reason}. XDG_CACHE_HOME names another place`)
  }
}

async function validManifest<Facts>(
  recipe: Recipe<Facts>,
  paths: CachePaths,
  options: CacheOptions,
): Promise<Manifest<Facts> | undefined> {
  const manifest = readManifest<Facts>(paths.manifest)
  const file = statSync(paths.image, { throwIfNoEntry: false })
  if (manifest?.key !== recipe.key || file === undefined) return undefined
  const isWhole =
    file.size === manifest.length_bytes &&
    (await digest(recipe.name, paths.image, file.size, options)) === manifest.sha256
  if (isWhole) return manifest
  options.progress.say(`  ${recipe.name}: ${paths.image} is damaged and will be built again`)
  return undefined
}

/** Whatever else lies there, half-written or foreign, is as good as no manifest. */
function readManifest<Facts>(path: string): Manifest<Facts> | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Manifest<Facts>
  } catch {
    return undefined
  }
}

async function digest(
  name: string,
  path: string,
  lengthBytes: number,
  { progress, signal }: CacheOptions,
): Promise<string> {
  const step = progress.begin(`${name}: checking the cache`, lengthBytes, "bytes")
  const hash = createHash("sha256")
  const chunk = new Uint8Array(4 * mebibyte)
  const file = openSync(path, "r")
  try {
    for (let done = 0; ; ) {
      const bytes = readSync(file, chunk)
      if (bytes === 0) return hash.digest("hex")
      hash.update(chunk.subarray(0, bytes))
      done += bytes
      step.update(done)
      await breathe(signal)
    }
  } finally {
    closeSync(file)
    step.end()
  }
}
