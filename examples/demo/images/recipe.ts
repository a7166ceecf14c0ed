import type { Progress } from "../output/progress.js"

/**
 * How one image is made. `Facts` is what workers have to know beside the bytes; it must survive
 * JSON.
 */
export interface Recipe<Facts> {
  /** File name of the image in the cache, and its name at the manager. */
  readonly name: string
  /** Everything the bytes depend on. An image made by another key is made again. */
  readonly key: string
  /** For the check that the disk has room; the real length may differ a little. */
  readonly expectedBytes: number
  /** The program's option that makes it smaller, when there is one. */
  readonly sizeOption?: string
  build(progress: Progress, signal: AbortSignal): Promise<BuiltImage<Facts>>
}

export interface BuiltImage<Facts> {
  readonly lengthBytes: number
  /** The bytes in order. A chunk may be overwritten once the next one is asked for. */
  readonly chunks: Iterable<Uint8Array>
  readonly facts: Facts
}

/** An image ready for use. */
export interface PreparedImage<Facts> {
  readonly name: string
  readonly path: string
  readonly lengthBytes: number
  readonly wasCached: boolean
  readonly facts: Facts
}

/**
 * What lies beside an image in the cache, as `NAME.json`. Written last: without it there is no
 * image.
 */
export interface Manifest<Facts> {
  readonly key: string
  readonly length_bytes: number
  readonly sha256: string
  readonly facts: Facts
}

export interface CacheOptions {
  readonly directory: string
  /** Build even what the cache has. */
  readonly isFresh: boolean
  readonly progress: Progress
  readonly signal: AbortSignal
}

/** Where an image and its manifest lie. */
export interface CachePaths {
  readonly image: string
  readonly manifest: string
}
