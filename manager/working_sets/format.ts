import { createHash } from "node:crypto"
import { z } from "zod"
import { pageBytes } from "../../protocol/limits.js"
import { imageName } from "../../protocol/messages.js"
import { hugePageBytes } from "../engine/huge_pages.js"
import { reasonOf } from "../errors.js"
import type { WorkingSet } from "./working_set.js"

const format = "pagerd-working-set"
const version = 1

/** The longest file of one: half a million ranges are some 15 MiB. */
export const setBytesMax = 32 << 20
const rangesMax = 1 << 20
const imagePagesMax = 2 ** 32

const whole = (least: number, most: number) => z.number().int().min(least).max(most)

/** `[first page, pages, score, rank]`, in the order of their pages. */
const range = z.tuple([
  whole(0, imagePagesMax - 1),
  whole(1, imagePagesMax),
  z.number().min(0).max(1),
  whole(0, 2 ** 32),
])

const contents = z.strictObject({
  image: imageName,
  key: z.string().regex(/^[0-9a-f]{32}$/, "it is 32 hexadecimal digits"),
  length_bytes: whole(1, Number.MAX_SAFE_INTEGER),
  page_bytes: z.union([z.literal(pageBytes), z.literal(hugePageBytes)]),
  runs: whole(1, Number.MAX_SAFE_INTEGER),
  hit_ratio: z.number().min(0).max(1).nullable(),
  recorded_at: z.iso.datetime(),
  ranges: z.array(range).max(rangesMax),
})

/** What a file of a working set holds. The digest is of the set as JSON.stringify() writes it. */
const file = z.strictObject({
  format: z.literal(format),
  version: z.literal(version),
  sha256: z.string(),
  set: contents,
})

/** What stands in a file as a working set is none, or one that was damaged. */
export class MalformedWorkingSet extends Error {
  override readonly name = "MalformedWorkingSet"
}

export type WorkingSetFile = z.output<typeof file>

export function encodeSet(set: WorkingSet): WorkingSetFile {
  const written = {
    image: set.image,
    key: set.key,
    length_bytes: set.lengthBytes,
    page_bytes: set.pageBytes,
    runs: set.runs,
    hit_ratio: set.hitRatio,
    recorded_at: set.recordedAt,
    ranges: set.ranges.map((one): [number, number, number, number] => {
      return [one.first, one.pages, one.score, one.rank]
    }),
  }
  return { format, version, sha256: digestOf(written), set: written }
}

/** Every number in it is checked: whoever made it may mean harm. Throws a MalformedWorkingSet. */
export function decodeSet(given: unknown): WorkingSet {
  const checked = file.safeParse(given, { reportInput: true })
  if (!checked.success) throw new MalformedWorkingSet(describe(checked.error))
  const { sha256, set } = checked.data
  const found = digestOf(set)
  if (found !== sha256) {
    const message = `Its digest is ${found}, wanted ${sha256}: it was damaged or changed`
    throw new MalformedWorkingSet(message)
  }
  const ranges = set.ranges.map(([first, pages, score, rank]) => ({ first, pages, score, rank }))
  checkRanges(ranges, Math.ceil(set.length_bytes / set.page_bytes))
  return {
    image: set.image,
    key: set.key,
    lengthBytes: set.length_bytes,
    pageBytes: set.page_bytes,
    runs: set.runs,
    hitRatio: set.hit_ratio,
    recordedAt: set.recorded_at,
    ranges,
  }
}

export function parseSet(bytes: Uint8Array): WorkingSet {
  if (bytes.length > setBytesMax) {
    const message = `It has ${bytes.length} bytes, wanted at most ${setBytesMax}`
    throw new MalformedWorkingSet(message)
  }
  let given: unknown
  try {
    given = JSON.parse(Buffer.from(bytes).toString("utf8"))
  } catch (error) {
    throw new MalformedWorkingSet(`It is no JSON: ${reasonOf(error)}`)
  }
  return decodeSet(given)
}

function checkRanges(ranges: WorkingSet["ranges"], imagePages: number): void {
  let free = 0
  for (const { first, pages } of ranges) {
    if (first >= free && first + pages <= imagePages) {
      free = first + pages
      continue
    }
    const found = `pages ${first} to ${first + pages}`
    const wanted = `wanted them behind page ${free} and within the image's ${imagePages}`
    throw new MalformedWorkingSet(`It has ${found}, ${wanted}`)
  }
}

const digestOf = (set: unknown): string =>
  createHash("sha256").update(JSON.stringify(set)).digest("hex")

function describe(error: z.ZodError): string {
  const [issue] = error.issues
  const where = issue?.path.join(".") || "the file"
  const found = JSON.stringify(issue?.input)?.slice(0, 100) ?? "missing"
  return `Its ${where} is ${found}: ${issue?.message}`
}
