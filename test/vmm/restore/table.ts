import type { Restore } from "./restore.js"

/** One backend's figures: medians over its VMs. */
export interface Line {
  readonly name: string
  readonly vms: number
  readonly firstMs: number
  readonly quarterMs: number
  /** The slowest VM's. */
  readonly quarterMsMax: number
  readonly touchesPerSecond: number
  /** Of the manager for each VM; undefined where nobody knows it. */
  readonly cpuSeconds: number | undefined
  readonly wrong: number
}

export function lineOf(name: string, restores: readonly Restore[], cpu?: number): Line {
  const figures = (of: (one: Restore) => number): number[] => restores.map(of).sort((a, b) => a - b)
  return {
    name,
    vms: restores.length,
    firstMs: median(figures(({ firstMs }) => firstMs)),
    quarterMs: median(figures(({ quarterMs }) => quarterMs)),
    quarterMsMax: figures(({ quarterMs }) => quarterMs).at(-1) ?? 0,
    touchesPerSecond: median(figures(({ touchesPerSecond }) => touchesPerSecond)),
    cpuSeconds: cpu === undefined ? undefined : cpu / restores.length,
    wrong: restores.reduce((sum, { wrong }) => sum + wrong, 0),
  }
}

/** Of sorted numbers, the upper one of two in the middle. */
const median = (sorted: readonly number[]): number => sorted[Math.floor(sorted.length / 2)] ?? 0

const titles = ["", "VMs", "first, ms", "25 %, ms", "worst", "touches/s", "CPU s", "wrong"]

export function tableOf(lines: readonly Line[]): string {
  const rows = [titles, ...lines.map(cellsOf)]
  const widths = titles.map((_, column) => Math.max(...rows.map((row) => width(row[column]))))
  const textOf = (row: readonly string[]): string =>
    row
      .map((cell, at) => (at === 0 ? cell.padEnd : cell.padStart).call(cell, widths[at] ?? 0))
      .join("  ")
  return rows.map(textOf).join("\n")
}

const width = (cell: string | undefined): number => cell?.length ?? 0

const cellsOf = (line: Line): string[] => [
  line.name,
  String(line.vms),
  line.firstMs.toFixed(0),
  line.quarterMs.toFixed(0),
  line.quarterMsMax.toFixed(0),
  line.touchesPerSecond.toFixed(0),
  line.cpuSeconds === undefined ? "-" : line.cpuSeconds.toFixed(2),
  String(line.wrong),
]
