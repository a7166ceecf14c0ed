import type { PagePairs } from "../engine/recordings.js"
import { eachPair, type PageSpan, type TouchedRange, type WorkingSet } from "./working_set.js"

/** What one run touched of a region. */
export interface RecordedRun {
  readonly touches: PagePairs
  /** Which pages the region shows: of others the run says nothing. */
  readonly span: PageSpan
}

/** The least that the newest run counts: of four or more runs, the last ones count most. */
const newestWeightMin = 0.25
/** Pages that so few runs need are forgotten. */
const scoreKept = 0.1
/** Scores are kept to the thousandth, so that neighbours have the same and lie in one range. */
const scoreSteps = 1_000
/** Pages kept that may come to be replayed, for each that is. */
const keptPerReplayed = 2

export const pagesKeptMax = (pagesMax: number): number => keptPerReplayed * pagesMax

interface Scored {
  score: number
  rank: number
}

/** The set's pages with those of one more run. At most `pagesMax` are to be replayed. */
export function mergeRun(
  set: Pick<WorkingSet, "runs" | "ranges">,
  { touches, span }: RecordedRun,
  pagesMax: number,
): TouchedRange[] {
  const known = new Map<number, Scored>()
  let isFirst = true
  for (const { first, pages, score, rank } of set.ranges) {
    for (let page = first; page < first + pages; page += 1) known.set(page, { score, rank })
    if (first < span.end && first + pages > span.first) isFirst = false
  }
  const weight = isFirst ? 1 : Math.max(1 / (set.runs + 1), newestWeightMin)
  const seen = ranksOf(touches, span, pagesMax)
  for (const [page, old] of known) {
    if (page < span.first || page >= span.end) continue
    const rank = seen.get(page)
    old.score *= 1 - weight
    if (rank === undefined) continue
    old.score += weight
    old.rank += weight * (rank - old.rank)
  }
  for (const [page, rank] of seen) {
    if (!known.has(page)) known.set(page, { score: weight, rank })
  }
  return rangesOf(likeliest(known, pagesKeptMax(pagesMax)))
}

/** The first touch of each page, in the order of touches. */
function ranksOf(touches: PagePairs, span: PageSpan, pagesMax: number): Map<number, number> {
  const ranks = new Map<number, number>()
  let rank = 0
  eachPair(touches, (first, pages) => {
    for (let page = first; page < first + pages && ranks.size < pagesMax; page += 1) {
      if (page >= span.first && page < span.end && !ranks.has(page)) ranks.set(page, rank)
    }
    rank += 1
  })
  return ranks
}

function likeliest(known: Map<number, Scored>, pagesMax: number): [number, Scored][] {
  const kept = [...known].filter(([, { score }]) => score >= scoreKept)
  if (kept.length <= pagesMax) return kept
  kept.sort(([, one], [, other]) => other.score - one.score || one.rank - other.rank)
  return kept.slice(0, pagesMax)
}

function rangesOf(pages: [number, Scored][]): TouchedRange[] {
  const ranges: { first: number; pages: number; score: number; rank: number }[] = []
  pages.sort(([one], [other]) => one - other)
  for (const [page, known] of pages) {
    const score = Math.round(known.score * scoreSteps) / scoreSteps
    const rank = Math.round(known.rank)
    const last = ranges.at(-1)
    const isNext = last !== undefined && last.first + last.pages === page
    if (isNext && last.score === score && last.rank === rank) last.pages += 1
    else ranges.push({ first: page, pages: 1, score, rank })
  }
  return ranges
}
