import { pageBytes } from "../../../protocol/limits.js"
import { shortCommand } from "../ps.js"
import { counted, formatBytes, formatCount, formatSeconds, formatUs } from "../quantities.js"
import { type Column, renderTable } from "../table.js"
import type { Paint, Terminal } from "../terminal.js"
import type { Activity, SessionRates } from "./rates.js"

export interface FrameOptions {
  readonly terminal: Terminal
  /** Lines that a frame may have. */
  readonly rows: number
  /** Faults per second of the frames before, oldest first. */
  readonly history: readonly number[]
  /** Why the figures are old, if they are. */
  readonly trouble: string | undefined
}

/** The lines of one frame of top: the manager, its totals, and the busiest sessions. */
export function renderFrame(activity: Activity, options: FrameOptions): string[] {
  const { terminal, rows, history, trouble } = options
  const head = [
    managerLine(activity, terminal.paint),
    totalsLine(activity, terminal.paint),
    latencyLine(activity, terminal.paint),
    ...(history.length > 1 ? [historyLine(history, terminal)] : []),
    ...(trouble === undefined ? [] : [terminal.paint("red", trouble)]),
    "",
  ]
  if (activity.sessions.length === 0) return [...head, "no client is connected"]

  const table = renderTable(columns, activity.sessions, terminal)
  const room = Math.max(1, rows - head.length - 1)
  if (table.lines.length <= room) return [...head, table.header, ...table.lines]
  const shown = table.lines.slice(0, Math.max(0, room - 1))
  const rest = terminal.paint("dim", `... and ${table.lines.length - shown.length} more`)
  return [...head, table.header, ...shown, rest]
}

function managerLine({ sample }: Activity, paint: Paint): string {
  const { info, stats } = sample
  const parts = [
    paint("bold", `pagerd ${info.version}`),
    `pid ${info.pid}`,
    `up ${formatSeconds(stats.uptime_s)}`,
    info.state === "serving" ? paint("green", info.state) : paint("yellow", info.state),
    counted(stats.sessions, "client"),
    counted(stats.regions, "region"),
    counted(stats.images, "image"),
    `manager ${formatBytes(stats.manager_rss_bytes)}`,
  ]
  return parts.join("   ")
}

function totalsLine({ totals, sample }: Activity, paint: Paint): string {
  const { pages_poisoned, outcomes } = sample.stats
  const pending = sample.sessions.reduce((sum, session) => sum + session.pending_faults, 0)
  const parts = [
    `${paint("bold", formatCount(totals.faults_per_s))} faults/s`,
    `${paint("bold", formatBytes(totals.copied_bytes_per_s))}/s copied`,
    `${paint("bold", formatBytes(totals.shared_bytes_per_s))}/s shared`,
    pending > 0 ? paint("yellow", `${pending} pending`) : "0 pending",
    outcomes.failed > 0 ? paint("red", `${formatCount(outcomes.failed)} failed`) : "0 failed",
    pages_poisoned > 0 ? paint("red", `${formatCount(pages_poisoned)} poisoned`) : "0 poisoned",
  ]
  return parts.join("   ")
}

function latencyLine({ sample }: Activity, paint: Paint): string {
  const { stats } = sample
  const percentiles: [name: string, us: number][] = [
    ["p50", stats.fault_service_us_p50],
    ["p90", stats.fault_service_us_p90],
    ["p99", stats.fault_service_us_p99],
    ["max", stats.fault_service_us_max],
  ]
  const figures = percentiles.map(([name, us]) => `${paint("dim", name)} ${formatUs(us)}`)
  return ["fault service", ...figures].join("   ")
}

const bars = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"] as const

/** Faults per second over time, the newest at the right; the tallest bar is the highest figure. */
function historyLine(history: readonly number[], { paint, columns }: Terminal): string {
  const shown = history.slice(-Math.max(1, Math.min(60, columns - 24)))
  const highest = shown.reduce((most, value) => Math.max(most, value), 0)
  const chart = shown.map((value) => {
    const height = highest === 0 ? 0 : Math.round((value / highest) * (bars.length - 1))
    return bars[height]
  })
  return `${paint("cyan", chart.join(""))} ${paint("dim", `top ${formatCount(highest)}/s`)}`
}

const columns: readonly Column<SessionRates>[] = [
  { title: "ID", cell: ({ session }) => session.id, style: () => "bold" },
  { title: "PID", align: "right", cell: ({ session }) => String(session.pid) },
  { title: "COMMAND", shrinks: true, cell: ({ session }) => shortCommand(session.command) },
  {
    title: "FAULTS/S",
    align: "right",
    cell: ({ faults_per_s }) => formatCount(faults_per_s),
    style: ({ faults_per_s }) => (faults_per_s > 0 ? "plain" : "dim"),
  },
  {
    title: "COPIED/S",
    align: "right",
    cell: ({ copied_bytes_per_s }) => formatBytes(copied_bytes_per_s),
    style: ({ copied_bytes_per_s }) => (copied_bytes_per_s > 0 ? "plain" : "dim"),
  },
  {
    title: "SHARED/S",
    align: "right",
    cell: ({ shared_bytes_per_s }) => formatBytes(shared_bytes_per_s),
    style: ({ shared_bytes_per_s }) => (shared_bytes_per_s > 0 ? "plain" : "dim"),
  },
  {
    title: "RESIDENT",
    align: "right",
    cell: ({ session }) => formatBytes(session.resident_pages * pageBytes),
  },
  { title: "MAPPED", align: "right", cell: ({ session }) => formatBytes(session.length_bytes) },
  { title: "P99", align: "right", cell: ({ session }) => formatUs(session.fault_service_us_p99) },
  {
    title: "PENDING",
    align: "right",
    cell: ({ session }) => String(session.pending_faults),
    style: ({ session }) => (session.pending_faults > 0 ? "yellow" : "plain"),
  },
]
