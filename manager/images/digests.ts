import { createHash } from "node:crypto"
import { describeValue } from "./source_answer.js"

/** Digests of an image's bytes, block by block, that are known ahead of reading them. */
export interface PageDigests {
  readonly algorithm: "sha256"
  /**
   * Bytes under one digest: a power of two, from a page to 16 MiB. Reads are widened to whole
   * blocks, so 64 KiB, a usual window, is a good choice. The last block ends with the image.
   */
  readonly blockBytes: number
  /** Of a block, counted from 0: 64 hexadecimal digits, or 32 bytes. */
  of(block: number): string | Uint8Array
}

export interface ByteRange {
  readonly offsetBytes: number
  readonly lengthBytes: number
}

const blockBytesMin = 4096
const blockBytesMax = 16 << 20
const digestBytes = 32

/** What is wrong with what a source says of its digests. */
export function wrongDigests(digests: unknown): string | undefined {
  if (digests === undefined) return undefined
  if (typeof digests !== "object" || digests === null) {
    return `its digests are ${describeValue(digests)}, wanted { algorithm, blockBytes, of }`
  }
  const { algorithm, blockBytes, of } = digests as Partial<Record<keyof PageDigests, unknown>>
  if (algorithm !== "sha256") {
    const found = typeof algorithm === "string" ? `"${algorithm}"` : describeValue(algorithm)
    return `the algorithm of its digests is ${found}, wanted "sha256"`
  }
  if (typeof of !== "function") return `its digests.of is ${describeValue(of)}, wanted a function`
  if (isBlockSize(blockBytes)) return undefined
  const found = typeof blockBytes === "number" ? blockBytes : describeValue(blockBytes)
  return `its digests.blockBytes is ${found}, wanted a power of two from 4096 to 16777216`
}

/** The range and what else lies in its blocks. */
export function wholeBlocks(range: ByteRange, blockBytes: number, imageBytes: number): ByteRange {
  const { offsetBytes, lengthBytes } = range
  const start = offsetBytes - (offsetBytes % blockBytes)
  const end = Math.ceil((offsetBytes + lengthBytes) / blockBytes) * blockBytes
  return { offsetBytes: start, lengthBytes: Math.min(end, imageBytes) - start }
}

/** Throws an Error that names the first block that is not what its digest says. */
export function checkDigests(digests: PageDigests, bytes: Uint8Array, offsetBytes: number): void {
  const { blockBytes } = digests
  for (let start = 0; start < bytes.byteLength; start += blockBytes) {
    const block = (offsetBytes + start) / blockBytes
    const wanted = wantedDigest(digests, block)
    const found = createHash("sha256")
      .update(bytes.subarray(start, start + blockBytes))
      .digest()
    if (found.equals(wanted)) continue
    const has = `the block at ${offsetBytes + start} has digest ${found.toString("hex")}`
    throw new Error(`it answered with wrong bytes: ${has}, wanted ${wanted.toString("hex")}`)
  }
}

function wantedDigest(digests: PageDigests, block: number): Buffer {
  const given: unknown = digests.of(block)
  if (given instanceof Uint8Array && given.byteLength === digestBytes) return Buffer.from(given)
  if (typeof given === "string" && /^[0-9a-f]{64}$/i.test(given)) return Buffer.from(given, "hex")
  const found = given instanceof Uint8Array ? `${given.byteLength} bytes` : describeValue(given)
  throw new Error(
    `its digest of block ${block} is ${found}, wanted 64 hexadecimal digits or 32 bytes`,
  )
}

function isBlockSize(value: unknown): value is number {
  if (typeof value !== "number" || !Number.isInteger(value)) return false
  return value >= blockBytesMin && value <= blockBytesMax && (value & (value - 1)) === 0
}
