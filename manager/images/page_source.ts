import { ClientError } from "../errors.js"
import { type PageDigests, wrongDigests } from "./digests.js"
import { describeValue } from "./source_answer.js"

/**
 * Where an image's bytes come from when they are not resident: anything that can read a range.
 * `read` may be called again while earlier reads are under way, and again for a range that failed.
 * It returns exactly `length` bytes, never zeros in place of bytes that it could not get: then it
 * rejects. `signal` is aborted when the bytes are no longer wanted or have taken too long; what the
 * read answers after that is dropped.
 */
export interface PageSource {
  /** Of the image, in bytes. */
  readonly length: number
  read(offset: number, length: number, signal: AbortSignal): Promise<Uint8Array>
  /**
   * Whatever names the bytes, at most 512 characters: two sources of the same identity have the
   * same bytes, in this process or another, now or later. A digest of them, or a version's URL.
   */
  readonly identity?: string
  /** What the bytes are checked against before anybody sees them. */
  readonly digests?: PageDigests
}

const identityCharactersMax = 512

export function isPageSource(value: unknown): value is PageSource {
  const source = value as Partial<PageSource> | null
  return typeof source === "object" && typeof source?.read === "function"
}

/** Throws a ClientError that says what is wrong with a page source, unless nothing is. */
export function checkPageSource(name: string, source: PageSource): void {
  const found = wrongLength(source) ?? wrongIdentity(source) ?? wrongDigests(source.digests)
  if (found === undefined) return
  throw new ClientError("image_failed", `Cannot take page source "${name}" as an image: ${found}`)
}

function wrongLength({ length }: PageSource): string | undefined {
  if (Number.isSafeInteger(length) && length > 0) return undefined
  const found = typeof length === "number" ? length : describeValue(length)
  return `its length is ${found}, wanted a whole number above 0`
}

function wrongIdentity(source: PageSource): string | undefined {
  const identity: unknown = source.identity
  if (identity === undefined) return undefined
  const wanted = `wanted a string of 1 to ${identityCharactersMax} characters`
  if (typeof identity !== "string") return `its identity is ${describeValue(identity)}, ${wanted}`
  if (identity.length >= 1 && identity.length <= identityCharactersMax) return undefined
  return `its identity has ${identity.length} characters, ${wanted}`
}
