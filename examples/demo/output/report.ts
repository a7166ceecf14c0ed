import { availableParallelism } from "node:os"
import type { SubjectOutcome } from "../demo.js"
import { costBytes, type Outcome, type WorkerOutcome } from "../measure/outcome.js"
import { formatTable } from "./table.js"
import { count, mebibyte, mebibytes, quantile, short, sum } from "./units.js"

const none = "-"

const legend = `  first, all: until the first, the last right answer, all workers at once
  pages, fault: by the manager's books ("-": not open to this user); MiB of: by the kernel's
  memory: from /proc/PID/smaps_rollup, Node's own included; manager: without its other images;
  together: the PSS of workers and manager. This machine has ${availableParallelism()} CPUs.`

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
  const table = formatTable(headings, [...rows, medians])
  return [title, table, ...(subject.remark === "" ? [] : [`  ${subject.remark}`])].join("\n\n")
}

function formatTitle(
  title: string,
  lengthBytes: number,
  [first]: readonly WorkerOutcome[],
): string {
  if (first === undefined) return title
  const { questions, region } = first.result
  return [
    title,
    `${mebibytes(lengthBytes)}; ${count(questions)} questions a worker, all answered rightly`,
    `pagerd took mode ${region?.mode}: ${region?.why.replaceAll("; ", ";\n")}`,
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
    middle(workers, ({ range }) => range?.residentBytes, mib),
    middle(workers, ({ figures }) => figures?.fault_service_us_p50),
    middle(workers, ({ figures }) => figures?.fault_service_us_p99),
  ]
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
  const headings = ["memory, MiB", "workers", "their\nRSS", "their\nPSS", "manager", "together"]
  const rows = subjects.flatMap(({ subject, outcomes }) =>
    outcomes.map((outcome) => {
      const { way, workers, manager } = outcome
      return [
        `${subject.recipe.name}, ${subject.wayNames[way]}`,
        count(workers.length),
        mib(sum(workers.map(({ memory }) => memory.rss_bytes))),
        mib(sum(workers.map(({ memory }) => memory.pss_bytes))),
        manager === undefined ? none : mib(manager.pss_bytes),
        mib(costBytes(outcome)),
      ]
    }),
  )
  return formatTable(headings, rows)
}

const mib = (bytes: number): string => short(bytes / mebibyte)

/** The last line: what N workers cost with and without. */
function formatSum(subjects: readonly SubjectOutcome[]): string {
  return subjects.map(sumOf).join("\n")
}

function sumOf({ subject, outcomes }: SubjectOutcome): string {
  const workersMax = outcomes[0]?.workers.length ?? 0
  const costs = outcomes.map((outcome) => {
    const { way, workers, manager } = outcome
    const name = way === "copy" ? subject.wayNames[way] : `with ${subject.wayNames[way]}`
    const fewer = workers.length < workersMax ? ` (${workers.length} workers only)` : ""
    const unseen = way === "pagerd" && manager === undefined ? " and the manager's own" : ""
    return `${mebibytes(costBytes(outcome))}${unseen} ${name}${fewer}`
  })
  return `${count(workersMax)} workers on the ${subject.recipe.name} image: ${costs.join(", ")}`
}
