import { createHash } from "node:crypto"
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statfsSync,
  writeFileSync,
  writeSync,
} from "node:fs"
import { join } from "node:path"
import { mebibytes } from "../output/units.js"
import { breathe } from "./breathe.js"
import type { BuiltImage, CacheOptions, CachePaths, Manifest, Recipe } from "./recipe.js"

/** Followed by the pid of who builds. */
const partialMark = ".partial."

/**
 * Builds an image into the cache. It is written under another name and renamed when whole: a
 * worker that still reads the old one keeps it, and nobody ever finds half an image.
 */
export async function buildImage<Facts>(
  recipe: Recipe<Facts>,
  paths: CachePaths,
  options: CacheOptions,
): Promise<Manifest<Facts>> {
  const partial = `${paths.image}${partialMark}${process.pid}`
  try {
    removeStalePartials(options.directory)
    checkRoom(recipe, options.directory)
    const built = await recipe.build(options.progress, options.signal)
    const manifest = await writeImage(recipe, built, partial, options)
    rmSync(paths.manifest, { force: true })
    renameSync(partial, paths.image)
    writeFileSync(paths.manifest, JSON.stringify(manifest))
    return manifest
  } catch (error) {
    throw explain(error, recipe, options)
  } finally {
    rmSync(partial, { force: true, recursive: true })
  }
}

async function writeImage<Facts>(
  { name, key }: Recipe<Facts>,
  { lengthBytes, chunks, facts }: BuiltImage<Facts>,
  path: string,
  { progress, signal }: CacheOptions,
): Promise<Manifest<Facts>> {
  const file = openSync(path, "w")
  const hash = createHash("sha256")
  const step = progress.begin(`${name}: writing the image`, lengthBytes, "bytes")
  let written = 0
  try {
    for (const chunk of chunks) {
      hash.update(chunk)
      writeAll(file, chunk)
      written += chunk.length
      step.update(written)
      await breathe(signal)
    }
  } finally {
    closeSync(file)
    step.end()
  }
  return { key, length_bytes: written, sha256: hash.digest("hex"), facts }
}

function writeAll(file: number, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written)
}

/** What demos left behind that were killed while they built. */
function removeStalePartials(directory: string): void {
  for (const name of readdirSync(directory)) {
    const [, pid] = name.split(partialMark)
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) rmSync(join(directory, name))
  }
}

function checkRoom(recipe: Recipe<unknown>, directory: string): void {
  const { bavail, bsize } = statfsSync(directory)
  if (bavail * bsize < recipe.expectedBytes) {
    throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" })
  }
}

/** Names the place, what was needed, what is there, and the ways out. */
function explain(error: unknown, recipe: Recipe<unknown>, { directory }: CacheOptions): unknown {
  const code = (error as NodeJS.ErrnoException).code
  if (code === "ENOSPC" || code === "EDQUOT") {
    const { bavail, bsize } = statfsSync(directory)
    return new Error(
      `The ${recipe.name} image needs ${mebibytes(recipe.expectedBytes)} in ${directory}, where ` +
        `${mebibytes(bavail * bsize)} are free. XDG_CACHE_HOME names another place` +
        (recipe.sizeOption === undefined ? "" : `; ${recipe.sizeOption} makes a smaller image`),
    )
  }
  if (code?.startsWith("E")) {
    return new Error(`Cannot write the ${recipe.name} image: ${(error as Error).message}`)
  }
  return error
}
