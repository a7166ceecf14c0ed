import { existsSync, type Stats, statSync } from "node:fs"
import { resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { pageBytes } from "../../protocol/limits.js"
import { ClientError, reasonOf } from "../errors.js"

/** Of one image; the engine takes no more. */
const layersMax = 64
/** Of the blocks that stat() counts, whatever the file system's are. */
const bytesPerBlock = 512

/** The scheme of a SOURCE that is a URL, in small letters; undefined for a path. */
export function schemeOf(source: string): string | undefined {
  return /^([a-z][a-z0-9+.-]*):\/\//i.exec(source)?.[1]?.toLowerCase()
}

/**
 * The files that a SOURCE names, as they are written there, the base first: paths joined by commas.
 * A file of exactly that name goes ahead, and a URL is always one file.
 */
export function layersOf(source: string): readonly string[] {
  const isOne = !source.includes(",") || schemeOf(source) !== undefined || existsSync(source)
  return isOne ? [source] : source.split(",")
}

/**
 * The absolute paths of an image's files, the base first. A list names a file each, commas and all.
 * Throws a ClientError for what this manager cannot read.
 */
export function pathsOfSource(source: string | readonly string[]): readonly string[] {
  const layers = typeof source === "string" ? layersOf(source) : source
  if (layers.length === 0 || layers.length > layersMax) {
    const found = `an image of ${layers.length} files`
    throw new ClientError("unsupported_file", `Cannot take ${found}: wanted 1 to ${layersMax}`)
  }
  if (layers.includes("")) {
    const wanted = "paths joined by commas, the base first, or a file of exactly that name"
    const found = typeof source === "string" ? source : layers.join(",")
    throw new ClientError(
      "unsupported_file",
      `Cannot read "${found}": layer ${layers.indexOf("") + 1} has no name; wanted ${wanted}`,
    )
  }
  return layers.map(pathOfFile)
}

function pathOfFile(source: string): string {
  const scheme = schemeOf(source)
  if (scheme === undefined) return resolve(source)
  if (scheme !== "file") {
    const wanted = "this manager reads paths and file:// URLs"
    throw new ClientError(
      "unsupported_file",
      `Cannot read "${source}": ${wanted}, not ${scheme}://`,
    )
  }
  try {
    return fileURLToPath(source)
  } catch (error) {
    const reason = reasonOf(error)
    throw new ClientError("unsupported_file", `Cannot read "${source}": ${reason}`)
  }
}

/**
 * Throws unless each is a regular file with bytes in it. A named pipe, for one, would never come
 * back from open(). Returns the newer ones that take as much space as they are long: without holes
 * they hide all that lies beneath them.
 */
export function checkImageFiles(paths: readonly string[]): readonly string[] {
  const files = paths.map((path, layer) => checkImageFile(path, placeOf(layer, paths)))
  const longest = Math.max(...files.map(({ size }) => size))
  for (const [layer, { size }] of files.entries()) {
    if (size % pageBytes === 0 || size === longest) continue
    const found = `it is ${size} bytes long, the longest layer ${longest}`
    const wanted = `wanted whole pages of ${pageBytes} bytes of all but the longest`
    throw refuse(
      "unsupported_file",
      `${paths[layer]}${placeOf(layer, paths)}`,
      `${found}; ${wanted}`,
    )
  }
  return paths.filter((_, layer) => layer > 0 && hasNoHoles(files[layer] as Stats))
}

const hasNoHoles = ({ blocks, size }: Stats): boolean => blocks * bytesPerBlock >= size

function checkImageFile(path: string, place: string): Stats {
  const name = `${path}${place}`
  const file = statOf(path, name)
  if (file === undefined) throw refuse("image_failed", name, "there is no such file")
  if (!file.isFile()) throw refuse("unsupported_file", name, "it is no regular file")
  if (file.size === 0) throw refuse("unsupported_file", name, "it is empty")
  return file
}

function statOf(path: string, name: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch (error) {
    throw refuse("image_failed", name, reasonOf(error))
  }
}

const refuse = (code: "image_failed" | "unsupported_file", name: string, found: string) =>
  new ClientError(code, `Cannot take ${name} as an image: ${found}`)

const placeOf = (layer: number, { length }: readonly string[]): string =>
  length === 1 ? "" : ` (layer ${layer + 1} of ${length})`
