import { statSync } from "node:fs"
import { resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { ClientError, reasonOf } from "../errors.js"

/** The scheme of a SOURCE that is a URL, in small letters; undefined for a path. */
export function schemeOf(source: string): string | undefined {
  return /^([a-z][a-z0-9+.-]*):\/\//i.exec(source)?.[1]?.toLowerCase()
}

/**
 * The absolute path that a SOURCE names. Throws a ClientError for what this manager cannot read.
 */
export function pathOfSource(source: string): string {
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
 * Throws unless there is a regular file with bytes in it. A named pipe, for one, would never come
 * back from open().
 */
export function checkImageFile(path: string): void {
  const file = statSync(path, { throwIfNoEntry: false })
  if (file === undefined) {
    throw new ClientError("image_failed", `Cannot take ${path} as an image: there is no such file`)
  }
  if (!file.isFile()) {
    throw new ClientError(
      "unsupported_file",
      `Cannot take ${path} as an image: it is no regular file`,
    )
  }
  if (file.size === 0) {
    throw new ClientError("unsupported_file", `Cannot take ${path} as an image: it is empty`)
  }
}
