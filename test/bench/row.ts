import type { TestBed } from "./test_bed.js"

/** What one round measured: ours first, then what it is compared with, in the row's unit. */
export interface Round {
  readonly ours: number
  readonly reference: number
}

export type Target = { readonly atMost: number } | { readonly atLeast: number }

/** Which number the target is about. */
export type Judged = "ours / reference" | "reference / ours" | "ours"

/** One line of the table: a claim about speed, and how it is measured. */
export interface Row {
  /** For `--only` and the JSON. */
  readonly name: string
  /** As people read it; says what is divided by what. */
  readonly metric: string
  readonly placement: string
  readonly unit: "us" | "ms" | "MB/s" | "k/s" | "MiB"
  readonly judged: Judged
  /** undefined: the row is there to be looked at. */
  readonly target: Target | undefined
  measure(bed: TestBed): Promise<Round>
}

export interface RowResult {
  readonly row: Row
  readonly rounds: readonly Round[]
  /**
   * Medians over the rounds. The value is the median of each round's own ratio, not the ratio of
   * the medians.
   */
  readonly ours: number
  readonly reference: number
  readonly value: number
  readonly valueMin: number
  readonly valueMax: number
  /** undefined where there is no target. */
  readonly isHit: boolean | undefined
}

/** Runs A B A B: what changes on the machine between rounds meets both sides of a ratio. */
export async function measureRow(row: Row, bed: TestBed): Promise<RowResult> {
  const rounds: Round[] = []
  for (let i = 0; i < bed.sizes.rounds; i++) rounds.push(await row.measure(bed))
  const values = rounds.map((round) => judgedValue(row.judged, round))
  const value = median(values)
  return {
    row,
    rounds,
    ours: median(rounds.map((round) => round.ours)),
    reference: median(rounds.map((round) => round.reference)),
    value,
    valueMin: Math.min(...values),
    valueMax: Math.max(...values),
    isHit: row.target === undefined ? undefined : isHit(row.target, value),
  }
}

function judgedValue(judged: Judged, { ours, reference }: Round): number {
  if (judged === "ours") return ours
  return judged === "ours / reference" ? ours / reference : reference / ours
}

const isHit = (target: Target, value: number): boolean =>
  "atMost" in target ? value <= target.atMost : value >= target.atLeast

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2
}
