import type { SubjectOutcome } from "../demo.js"
import { costBytes, grownBytes, type Outcome, type WorkerOutcome } from "../measure/outcome.js"
import { formatTable } from "./table.js"
import { count, mebibyte, mebibytes, quantile, short, sum } from "./units.js"

const pageBytes = 4096
const none = "-"

const legend = `  first, all: until the first, the last right answer, all workers at once
  pages, MiB, fault: with pagerd, by the manager's books; "-" where they are not open to us
  memory: PSS from /proc/PID/smaps_rollup, before and after the image came`

/** All tables, and the sum. */
export function formatReport(subjects: readonly SubjectOutcome[]): string {
  const tables = [...subjects.map(formatSubject), formatMemory(subjects)]
  return ["", ...tables, legend, formatSum(subjects)].join("\n\n")
}

/** The table of one subject: a line per worker, and the middle one of each column. */
function formatSubject({ subject, image, outcomes }: SubjectOutcome): string {
  const { wayNames } = subject
  const workers = outcomes[0]?.workers ?? []
  const headings = [
    "worker",
    ...outcomes.map(({ way }) => `first, ms\n${wayNames[way]}`),
    ...outcomes.map(({ way }) => `all, ms\n${wayNames[way]}`),
    "pages\nfaulted",
    `MiB of\n${short(image.lengthBytes / mebibyte)}`,
    "fault\np50 us",
    "fault\np99 us",
  ]
  const rows = workers.map((_, worker) => [
    String(worker + 1),
    ...timeCells(outcomes, (outcome) => [outcome.workers[worker]]),
    ...faultCells([workers[worker]]),
  ])
  const medians = [
    "median",
    ...timeCells(outcomes, (outcome) => outcome.workers),
    ...faultCells(workers),
  ]
  const title = formatTitle(subject.title, image.lengthBytes, workers)
  return `${title}\n\n${formatTable(headings, [...rows, medians])}`
}

function formatTitle(
  title: string,
  lengthBytes: number,
  [first]: readonly WorkerOutcome[],
): string {
  if (first === undefined) return title
  const { questions, mode, modeReason } = first.result
  return [
    title,
    `${mebibytes(lengthBytes)}; ${count(questions)} questions a worker, all answered rightly`,
    `pagerd took mode ${mode}: ${modeReason}`,
  ].join("\n")
}

type MaybeWorkers = readonly (WorkerOutcome | undefined)[]

function timeCells(
  outcomes: readonly Outcome[],
  pick: (outcome: Outcome) => MaybeWorkers,
): string[] {
  return [
    ...outcomes.map((outcome) => middle(pick(outcome), ({ result }) => result.firstAnswerMs)),
    ...outcomes.map((outcome) => middle(pick(outcome), ({ result }) => result.allAnswersMs)),
  ]
}

function faultCells(workers: MaybeWorkers): string[] {
  return [
    middle(workers, ({ figures }) => figures?.faults, count),
    middle(workers, residentMib),
    middle(workers, ({ figures }) => figures?.fault_service_us_p50),
    middle(workers, ({ figures }) => figures?.fault_service_us_p99),
  ]
}

/** From the manager, or by what the process grew when we may not ask it. */
function residentMib(worker: WorkerOutcome): number {
  const bytes =
    worker.figures === undefined ? grownBytes(worker) : worker.figures.resident_pages * pageBytes
  return bytes / mebibyte
}

function middle(
  workers: MaybeWorkers,
  figure: (worker: WorkerOutcome) => number | undefined,
  format: (value: number) => string = short,
): string {
  const values = workers
    .map((worker) => (worker === undefined ? undefined : figure(worker)))
    .filter((value) => value !== undefined)
  return values.length === 0 ? none : format(quantile(values, 0.5))
}

/** What everybody together costs, each way. */
function formatMemory(subjects: readonly SubjectOutcome[]): string {
  const headings = [
    "memory, MiB",
    "workers",
    "their PSS\nin all",
    "grown for\nthe image",
    "image at\nthe manager",
    "cost of\nthe image",
  ]
  const rows = subjects.flatMap(({ subject, outcomes }) =>
    outcomes.map((outcome) => [
      `${subject.recipe.name}, ${subject.wayNames[outcome.way]}`,
      count(outcome.workers.length),
      short(sum(outcome.workers.map(({ memoryAfter }) => memoryAfter?.pss_bytes ?? 0)) / mebibyte),
      short(sum(outcome.workers.map(grownBytes)) / mebibyte),
      outcome.imageResidentBytes === undefined
        ? none
        : short(outcome.imageResidentBytes / mebibyte),
      short(costBytes(outcome) / mebibyte),
    ]),
  )
  return formatTable(headings, rows)
}

/** The last line: what N workers cost with and without. */
function formatSum(subjects: readonly SubjectOutcome[]): string {
  return subjects.map(sumOf).join("\n")
}

function sumOf({ subject, outcomes }: SubjectOutcome): string {
  const costs = outcomes.map(
    (outcome) => `${mebibytes(costBytes(outcome))} ${subject.wayNames[outcome.way]}`,
  )
  const workers = outcomes[0]?.workers.length ?? 0
  return `${count(workers)} workers on the ${subject.recipe.name} image cost ${costs.join(", ")}`
}
