import { rejectOnAbort } from "../abort.js"

/**
 * Where an image's bytes come from when they are not resident: anything that can read a range.
 * `read` may be called again while earlier reads are under way, and again for a range that failed.
 * It returns exactly `length` bytes, never zeros in place of bytes that it could not get: then it
 * rejects. `signal` is aborted when the bytes are no longer wanted or have taken too long.
 */
export interface PageSource {
  /** Of the image, in bytes. */
  readonly length: number
  read(offset: number, length: number, signal: AbortSignal): Promise<Uint8Array>
}

export function isPageSource(value: unknown): value is PageSource {
  const source = value as Partial<PageSource> | null
  return typeof source === "object" && typeof source?.read === "function"
}

/**
 * One read within a deadline. Rejects unless the source answers with exactly the bytes that were
 * asked for.
 */
export async function readExactly(
  source: PageSource,
  range: { readonly offsetBytes: number; readonly lengthBytes: number },
  deadlineMs: number,
  unwanted: AbortSignal,
): Promise<Uint8Array> {
  const abort = new AbortController()
  const stop = () => abort.abort(unwanted.reason)
  unwanted.addEventListener("abort", stop, { once: true })
  const deadline = setTimeout(() => {
    abort.abort(new Error(`it has not answered within ${deadlineMs} ms`))
  }, deadlineMs)
  try {
    const { offsetBytes, lengthBytes } = range
    const reading = callRead(source, offsetBytes, lengthBytes, abort.signal)
    // A source that ignores its signal must not hold a place for ever.
    const bytes: unknown = await Promise.race([reading, rejectOnAbort(abort.signal)])
    return checkedBytes(bytes, lengthBytes)
  } finally {
    clearTimeout(deadline)
    unwanted.removeEventListener("abort", stop)
  }
}

/** Async, so that a `read` that throws at once has failed like one that rejects. */
async function callRead(
  source: PageSource,
  offset: number,
  length: number,
  signal: AbortSignal,
): Promise<unknown> {
  return source.read(offset, length, signal)
}

function checkedBytes(bytes: unknown, lengthBytes: number): Uint8Array {
  if (!(bytes instanceof Uint8Array)) {
    throw new Error(`it answered with ${describeKind(bytes)}, wanted a Uint8Array`)
  }
  if (bytes.byteLength !== lengthBytes) {
    throw new Error(`it answered with ${bytes.byteLength} bytes, wanted ${lengthBytes}`)
  }
  return bytes
}

function describeKind(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  return typeof value === "object"
    ? `a ${value.constructor?.name ?? "object"}`
    : `a ${typeof value}`
}
