import { pageBytes } from "../figures.js"
import type { RestoreFigures, RestoreLine } from "./restores.js"

const titles = [
  "image, MiB",
  "pages",
  "VMs",
  "by",
  "first, ms",
  "25 %, ms",
  "worst",
  "times faster",
]
const moreTitles = ["faults", "p50, us", "p99, us", "CPU s", "own, MiB", "wrong"]

/** Titles first, then a line for each backend of each scene. */
export function restoreCells(lines: readonly RestoreLine[]): string[][] {
  return [[...titles, ...moreTitles], ...lines.map(cellsOf)]
}

const cellsOf = (line: RestoreLine): string[] => [
  mebibytes(line.imageBytes),
  line.pageBytes === pageBytes ? "4 KiB" : "2 MiB",
  String(line.vms),
  line.backend,
  ...(line.figures === undefined ? [line.leftOut ?? ""] : figureCells(line.figures)),
]

const figureCells = (figures: RestoreFigures): string[] => [
  figures.firstMs.toFixed(0),
  figures.quarterMs.toFixed(0),
  figures.quarterMsMax.toFixed(0),
  figures.timesFaster.toFixed(2),
  figures.faults?.toFixed(0) ?? "-",
  figures.p50Us.toFixed(0),
  figures.p99Us.toFixed(0),
  figures.cpuSeconds?.toFixed(2) ?? "-",
  mebibytes(figures.ownBytes),
  String(figures.wrong),
]

const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(0)

export const restoreTitle = `VMs from the start of their process until their guest has touched 25 %
of memory: every third page. The image is in the manager's memory, unless it says that it is not;
the file is in the page cache. Medians over all VMs; faults, CPU time of the manager and memory of
its own for each VM; p50 and p99 of touches that each leave the guest (KVM_RUN). "times faster":
than page by page in C.`
