import { availableParallelism } from "node:os"
import type { PreparedImage } from "../demo/images/recipe.js"
import { costBytes, type Outcome } from "../demo/measure/outcome.js"
import { formatTable } from "../demo/output/table.js"
import { count, mebibyte, mebibytes, quantile, short, sum } from "../demo/output/units.js"
import { questions } from "./orders.js"

/** One way to start, and what its workers came to. */
export interface StartOutcome {
  readonly title: string
  readonly outcome: Outcome
}

/** The figures of one way: medians over its workers, and sums of memory. */
interface Figures {
  readonly mode: string | null
  readonly mode_reason: string | null
  readonly workers: number
  readonly started_ms: number
  readonly first_answer_ms: number
  readonly first_answer_ms_max: number
  readonly all_answers_ms: number
  readonly faults: number | null
  readonly image_bytes_present: number | null
  /** Of these, what a worker has written and nobody can share. */
  readonly image_bytes_own: number | null
  readonly workers_pss_bytes: number
  readonly manager_pss_bytes: number | null
  readonly together_bytes: number
}

export function asJson(image: PreparedImage<unknown>, outcomes: readonly StartOutcome[]): object {
  const { path, lengthBytes, wasCached } = image
  return {
    ok: true,
    image: { path, length_bytes: lengthBytes, was_cached: wasCached },
    questions,
    starts: outcomes.map(({ title, outcome }) => ({ title, ...figuresOf(outcome) })),
  }
}

const none = "-"

export function formatReport(
  image: PreparedImage<unknown>,
  outcomes: readonly StartOutcome[],
  workers: number,
): string {
  const headings = [
    `${count(workers)} workers`,
    "mode",
    "CPython\nup, ms",
    "first\nanswer, ms",
    "slowest\nfirst, ms",
    "all\nanswers, ms",
    "faults",
    `MiB of\n${short(image.lengthBytes / mebibyte)}`,
    "own\nMiB",
    "workers'\nPSS, MiB",
    "together,\nMiB",
  ]
  const rows = outcomes.map(({ title, outcome }) => rowOf(title, figuresOf(outcome)))
  return ["", titleOf(image, outcomes), formatTable(headings, rows), legend].join("\n\n")
}

function titleOf(image: PreparedImage<unknown>, outcomes: readonly StartOutcome[]): string {
  const reasons = outcomes.map(({ outcome }) => figuresOf(outcome).mode_reason)
  return [
    `CPython in WebAssembly, from one snapshot of ${mebibytes(image.lengthBytes)}; ` +
      `${questions} questions a worker, all answered rightly`,
    `auto: ${reasons.find((reason) => reason !== null) ?? none}`,
  ].join("\n")
}

const legend = `  workers start at once on ${availableParallelism()} CPUs; times: medians from there
  CPython up: 9.6 MB of wasm compiled and the snapshot restored, or everything imported
  MiB of, own: of the image, what a worker has touched, and what of it is a copy of its own
  memory: from /proc/PID/smaps_rollup, Node and compiled code included; together: with the manager`

function rowOf(title: string, figures: Figures): string[] {
  return [
    title,
    figures.mode ?? none,
    short(figures.started_ms),
    short(figures.first_answer_ms),
    short(figures.first_answer_ms_max),
    short(figures.all_answers_ms),
    figures.faults === null ? none : count(figures.faults),
    mibOrNone(figures.image_bytes_present),
    mibOrNone(figures.image_bytes_own),
    mib(figures.workers_pss_bytes),
    mib(figures.together_bytes),
  ]
}

const mibOrNone = (bytes: number | null): string => (bytes === null ? none : mib(bytes))
const mib = (bytes: number): string => short(bytes / mebibyte)

function figuresOf(outcome: Outcome): Figures {
  const { workers, manager } = outcome
  const results = workers.map(({ result }) => result)
  const middle = (values: readonly (number | undefined)[]): number | null => {
    const known = values.filter((value) => value !== undefined)
    return known.length === 0 ? null : quantile(known, 0.5)
  }
  const firstAnswers = results.map(({ firstAnswerMs }) => firstAnswerMs)
  return {
    mode: results[0]?.region?.mode ?? null,
    mode_reason: results[0]?.region?.why ?? null,
    workers: workers.length,
    started_ms: quantile(
      results.map(({ placedMs }) => placedMs),
      0.5,
    ),
    first_answer_ms: quantile(firstAnswers, 0.5),
    first_answer_ms_max: Math.max(...firstAnswers),
    all_answers_ms: quantile(
      results.map(({ allAnswersMs }) => allAnswersMs),
      0.5,
    ),
    faults: middle(workers.map(({ figures }) => figures?.faults)),
    image_bytes_present: middle(workers.map(({ range }) => range?.residentBytes)),
    image_bytes_own: middle(workers.map(({ range }) => range?.ownBytes)),
    workers_pss_bytes: sum(workers.map(({ memory }) => memory.pss_bytes)),
    manager_pss_bytes: manager?.pss_bytes ?? null,
    together_bytes: costBytes(outcome),
  }
}
