import type { Subject, Way } from "./ways.js"

/** What the life of one instance takes, in ms, step after step. */
export interface Life {
  readonly instantiate: number
  readonly firstCall: number
  readonly touchHundredth: number
  readonly touchAll: number
  /** After a hundredth of the pages was written. */
  readonly reset: number
}

const pageBytes = 4096

/** Lives it once. Throws when a byte is not what it has to be. */
export async function live(subject: Subject, way: Way): Promise<Life> {
  const { bytes } = subject
  const stride = 100 * pageBytes
  const wanted = (step: number) => sumOf(subject.snapshot, step)
  const check = (found: bigint, step: number) => {
    if (found === wanted(step)) return
    throw new Error(`${way}: an instance of ${bytes} bytes holds wrong ones`)
  }

  const begun = performance.now()
  const { exports, reset, close } = await subject.make(way)
  const made = performance.now()
  exports.sum(bytes / 2, bytes / 2 + 8, 8)
  const called = performance.now()
  const someSum = exports.sum(0, bytes, stride)
  const some = performance.now()
  const allSum = exports.sum(0, bytes, pageBytes)
  const all = performance.now()
  check(someSum, stride)
  check(allSum, pageBytes)

  exports.write(0, bytes, stride, 1n)
  const written = performance.now()
  await reset()
  const over = performance.now()
  check(exports.sum(0, bytes, stride), stride)
  check(exports.sum(0, bytes, pageBytes), pageBytes)
  await close()
  return {
    instantiate: made - begun,
    firstCall: called - made,
    touchHundredth: some - called,
    touchAll: all - some,
    reset: over - written,
  }
}

function sumOf(snapshot: Uint8Array, step: number): bigint {
  const words = new BigUint64Array(snapshot.buffer)
  let sum = 0n
  for (let at = 0; at < words.length; at += step / 8) sum += words[at] ?? 0n
  return BigInt.asIntN(64, sum)
}
