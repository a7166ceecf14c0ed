import { compileText, instanceCells } from "./instances/measure.js"
import type { SizeFigures } from "./instances/process.js"
import type { Machine } from "./machine.js"
import { type MemoryFigures, memoryCells } from "./memory/table.js"
import { type PlacedLatency, type PlacementLine, placements } from "./placements.js"
import type { Row, RowResult, Target } from "./row.js"
import type { RestoreLine } from "./vms/restores.js"
import { restoreCells, restoreTitle } from "./vms/table.js"

/** All that a run found: what `--json` writes. */
export interface BenchResult {
  readonly machine: Machine
  readonly rounds: number
  readonly isSmoke: boolean
  /** Empty when only some rows were asked for. */
  readonly placements: readonly PlacementLine[]
  readonly rows: readonly RowResult[]
  /** Rows whose work was not done, or not done right, and what was wrong. */
  readonly broken: readonly { readonly name: string; readonly reason: string }[]
  /** Empty when only rows were asked for. */
  readonly memory: readonly MemoryFigures[]
  readonly instances: readonly SizeFigures[]
  /** Empty unless VMs were asked for. */
  readonly vms: readonly RestoreLine[]
}

export function jsonReport({ rows, ...rest }: BenchResult): string {
  const lines = rows.map(({ row: { measure: _, ...row }, ...result }) => ({ ...row, ...result }))
  return `${JSON.stringify({ ...rest, rows: lines }, undefined, 2)}\n`
}

const placementTitles = { same_cpu: "same CPU", apart: "apart", unpinned: "unpinned" } as const

const latencyText = (latency: PlacedLatency | undefined): string =>
  latency === undefined ? "-" : `${latency.p50Us.toFixed(1)} / ${latency.p99Us.toFixed(1)}`

/** Titles first, then a line each. */
export function placementCells(lines: readonly PlacementLine[]): string[][] {
  const titles = placements.map((placement) => placementTitles[placement])
  return [
    ["p50 / p99, us", ...titles],
    ...lines.map(({ metric, latencies }) => [
      metric,
      ...placements.map((placement) => latencyText(latencies[placement])),
    ]),
  ]
}

const rowTitles = ["metric", "placement", "ours", "against", "value", "target", ""]

export function rowCells(result: RowResult): string[] {
  const { row } = result
  return [
    row.metric,
    row.placement,
    quantity(result.ours, row),
    quantity(result.reference, row),
    `${valueText(result.value)} (${valueText(result.valueMin)}-${valueText(result.valueMax)})`,
    targetText(row.target),
    verdict(result),
  ]
}

const quantity = (value: number, { unit }: Row): string =>
  `${value.toFixed(value < 100 ? 1 : 0)} ${unit}`

const valueText = (value: number): string => value.toFixed(value < 20 ? 2 : 0)

function targetText(target: Target | undefined): string {
  if (target === undefined) return "-"
  return "atMost" in target ? `<= ${target.atMost}` : `>= ${target.atLeast}`
}

const verdict = ({ isHit }: RowResult): string =>
  isHit === undefined ? "" : isHit ? "hit" : "MISS"

/** Columns as wide as their widest cell. */
export function textTable(lines: readonly (readonly string[])[]): string {
  const widths = columnWidths(lines)
  return lines
    .map((cells) =>
      cells
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n")
}

export function markdownTable([titles = [], ...lines]: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`
  return [line(titles), `|${titles.map(() => "---").join("|")}|`, ...lines.map(line)].join("\n")
}

const columnWidths = (lines: readonly (readonly string[])[]): number[] =>
  (lines[0] ?? []).map((_, i) => Math.max(...lines.map((cells) => cells[i]?.length ?? 0)))

export function textReport({ rows, memory, instances, vms }: BenchResult): string {
  return [
    ...(rows.length === 0 ? [] : [textTable([rowTitles, ...rows.map(rowCells)])]),
    ...(memory.length === 0 ? [] : [textTable(memoryCells(memory))]),
    ...(instances.length === 0
      ? []
      : [textTable(instanceCells(instances)), compileText(instances)]),
    ...(vms.length === 0 ? [] : [restoreTitle, textTable(restoreCells(vms))]),
  ].join("\n\n")
}

/** Everything, as the README shows it. */
export function markdownReport(result: BenchResult): string {
  const { machine, rounds, placements, rows, memory, instances, vms } = result
  const { cpu, cpus, memoryGib, kernel, node } = machine
  return [
    `${cpu}, ${cpus} CPUs, ${memoryGib} GiB; ${kernel}, Node ${node}.`,
    `Medians of ${rounds} rounds A B A B.`,
    ...(placements.length === 0 ? [] : [markdownTable(placementCells(placements))]),
    ...(rows.length === 0 ? [] : [markdownTable([rowTitles, ...rows.map(rowCells)])]),
    ...(memory.length === 0 ? [] : [markdownTable(memoryCells(memory))]),
    ...(instances.length === 0
      ? []
      : [markdownTable(instanceCells(instances)), compileText(instances)]),
    ...(vms.length === 0 ? [] : [restoreTitle, markdownTable(restoreCells(vms))]),
  ].join("\n\n")
}
