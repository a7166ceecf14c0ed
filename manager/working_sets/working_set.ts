import { pageBytes as enginePageBytes } from "../../protocol/limits.js"
import { hugePageBytes } from "../engine/huge_pages.js"
import type { PagePairs } from "../engine/recordings.js"

/**
 * Pages [first, first + pages) of an image that were touched together, run after run. Pages are of
 * the working set's own size here and below.
 */
export interface TouchedRange {
  readonly first: number
  readonly pages: number
  /** How likely a run needs it: from 1, in all of the last runs, down. */
  readonly score: number
  /** How early: the place of its first touch among all of a run, on the average. */
  readonly rank: number
}

/** What runs on an image needed of it in the time after they were attached. */
export interface WorkingSet {
  readonly image: string
  /** Of the image's bytes: another image of that name has another set. */
  readonly key: string
  readonly lengthBytes: number
  /** Of the memory that runs had: those with huge pages have a set of their own. */
  readonly pageBytes: number
  /** That it was recorded from. */
  readonly runs: number
  /** Of the pages that are replayed, how many a run needs; null before that was seen. */
  readonly hitRatio: number | null
  /** ISO 8601. */
  readonly recordedAt: string
  /** In the order of their pages; none meets another. */
  readonly ranges: readonly TouchedRange[]
}

/** Pages [first, end) of an image. */
export interface PageSpan {
  readonly first: number
  readonly end: number
}

/** From here on a page counts as one that runs need. */
export const scoreMin = 0.5
/** Read from a source together, though first touched apart: as much as a default window has. */
const blockBytes = 65_536

/** The pages to be replayed within the span, in the order in which they are needed. */
export function replayOf(set: WorkingSet, span: PageSpan, pagesMax: number): PagePairs {
  const blockPages = Math.max(blockBytes / set.pageBytes, 1)
  const ranges = set.ranges.filter(({ score }) => score >= scoreMin)
  const pieces = ranges.flatMap((range) => piecesOf(range, span, blockPages))
  const ranks = new Map<number, number>()
  for (const { block, rank } of pieces) {
    ranks.set(block, Math.min(rank, ranks.get(block) ?? Number.POSITIVE_INFINITY))
  }
  const rankOf = (block: number) => ranks.get(block) ?? 0
  // Blocks by what was needed first of them, and each block's pages in their own order.
  pieces.sort(
    (one, other) =>
      rankOf(one.block) - rankOf(other.block) || one.block - other.block || one.first - other.first,
  )
  return joined(pieces, pagesMax)
}

interface Piece {
  readonly block: number
  readonly first: number
  readonly end: number
  readonly rank: number
}

/** A range cut at the borders of blocks, so far as it lies in the span. */
function piecesOf(
  { first, pages, rank }: TouchedRange,
  span: PageSpan,
  blockPages: number,
): Piece[] {
  const pieces: Piece[] = []
  const end = Math.min(first + pages, span.end)
  for (let from = Math.max(first, span.first); from < end; ) {
    const block = Math.floor(from / blockPages)
    const to = Math.min((block + 1) * blockPages, end)
    pieces.push({ block, first: from, end: to, rank })
    from = to
  }
  return pieces
}

function joined(pieces: readonly Piece[], pagesMax: number): PagePairs {
  const pairs: number[] = []
  let left = pagesMax
  let lastEnd = -1
  for (const { first, end } of pieces) {
    const pages = Math.min(end - first, left)
    if (pages === 0) break
    left -= pages
    if (first === lastEnd) pairs[pairs.length - 1] = (pairs.at(-1) ?? 0) + pages
    else pairs.push(first, pages)
    lastEnd = first + pages
  }
  return Uint32Array.from(pairs)
}

/** Calls for each pair. */
export function eachPair(pairs: PagePairs, call: (first: number, pages: number) => void): void {
  for (let at = 0; at + 1 < pairs.length; at += 2) call(pairs[at] ?? 0, pairs[at + 1] ?? 0)
}

export function pagesIn(pairs: PagePairs): number {
  let sum = 0
  eachPair(pairs, (_, pages) => {
    sum += pages
  })
  return sum
}

/** Every page of the pairs. */
export function pageSetOf(pairs: PagePairs): Set<number> {
  const pages = new Set<number>()
  eachPair(pairs, (first, count) => {
    for (let page = first; page < first + count; page += 1) pages.add(page)
  })
  return pages
}

/** What a region shows: whole pages of that size, or undefined. */
export function spanOf(
  offsetBytes: bigint,
  lengthBytes: bigint,
  pageBytes: number,
): PageSpan | undefined {
  const unit = BigInt(pageBytes)
  if (offsetBytes % unit !== 0n || lengthBytes % unit !== 0n) return undefined
  return { first: Number(offsetBytes / unit), end: Number((offsetBytes + lengthBytes) / unit) }
}

/** Of the engine's pages to those of a set, each of which is touched with any part of it. */
export function fromEngine(pairs: PagePairs, pageBytes: number): PagePairs {
  const scale = pageBytes / enginePageBytes
  if (scale === 1) return pairs
  const scaled: number[] = []
  eachPair(pairs, (first, pages) => {
    const from = Math.floor(first / scale)
    scaled.push(from, Math.ceil((first + pages) / scale) - from)
  })
  return Uint32Array.from(scaled)
}

/** And back. */
export function toEngine(pairs: PagePairs, pageBytes: number): PagePairs {
  const scale = pageBytes / enginePageBytes
  return scale === 1 ? pairs : pairs.map((number) => number * scale)
}

/** Tells a set from those of other images, and of other pages: as its file is called. */
export const setNameOf = ({ key, pageBytes }: Pick<WorkingSet, "key" | "pageBytes">): string =>
  `${key}-${pageBytes === hugePageBytes ? "2m" : "4k"}`
