import type { Command } from "commander"
import type { InfoView, StatsView } from "../view.js"
import { type AskingOptions, clientOf, withDebugSocket } from "./options.js"
import { print, printJson } from "./output.js"
import { faultsOf } from "./ps.js"
import { counted, formatBytes, formatCount, formatSeconds, formatUs } from "./quantities.js"
import { renderTable } from "./table.js"
import { type Terminal, terminalOf } from "./terminal.js"

export function addStats(program: Command): void {
  withDebugSocket(program.command("stats"))
    .description("show totals and latency percentiles")
    .addHelpText(
      "after",
      `
Counts are since the manager started. Fault service is the time from reading a fault until it is
resolved, waiting for bytes included; a fill is one read of an image's source.

Example:
  pagerd stats --json | jq .fault_service_us_p99`,
    )
    .action(showStats)
}

async function showStats(options: AskingOptions): Promise<void> {
  const client = clientOf(options)
  const stats = await client.get<StatsView>("/v1/stats")
  if (options.json) {
    await printJson(stats)
  } else {
    const info = await client.get<InfoView>("/v1/info")
    await print(renderStats(info, stats, terminalOf(process.stdout)))
  }
}

function renderStats(info: InfoView, stats: StatsView, terminal: Terminal): string[] {
  const { paint } = terminal
  const { faults, outcomes } = stats
  const heading = `pagerd ${info.version}, pid ${info.pid}, ${info.state}`
  return [
    paint("bold", `${heading}, up ${formatSeconds(stats.uptime_s)}`),
    "",
    item(terminal, "clients", [
      `${formatCount(stats.sessions)} now`,
      `${formatCount(stats.sessions_total)} since the start`,
      counted(stats.regions, "region"),
      counted(stats.images, "image"),
    ]),
    item(terminal, "regions", [
      `copy ${formatCount(stats.regions_by_mode.copy)}`,
      `share ${formatCount(stats.regions_by_mode.share)}`,
      `cow ${formatCount(stats.regions_by_mode.cow)}`,
    ]),
    item(terminal, "faults", [
      formatCount(faultsOf(stats)),
      `missing ${formatCount(faults.missing)}`,
      `minor ${formatCount(faults.minor)}`,
      `write-protect ${formatCount(faults.write_protect)}`,
    ]),
    item(terminal, "outcomes", [
      `installed ${formatCount(outcomes.installed)}`,
      `already present ${formatCount(outcomes.already_present)}`,
      `deferred ${formatCount(outcomes.deferred)}`,
      `discarded ${formatCount(outcomes.discarded)}`,
      alarm(terminal, `failed ${formatCount(outcomes.failed)}`, outcomes.failed),
    ]),
    item(terminal, "pages", [
      `copied ${formatCount(stats.pages_copied)} (${formatBytes(stats.bytes_copied)})`,
      `zeroed ${formatCount(stats.pages_zeroed)}`,
      `continued ${formatCount(stats.pages_continued)}`,
      alarm(terminal, `poisoned ${formatCount(stats.pages_poisoned)}`, stats.pages_poisoned),
    ]),
    item(terminal, "manager", [
      `${formatBytes(stats.manager_rss_bytes)} resident`,
      counted(stats.descriptors, "descriptor"),
      alarm(terminal, `${counted(stats.events_dropped, "event")} lost`, stats.events_dropped),
      alarm(terminal, `${counted(stats.threads_held, "thread")} held`, stats.threads_held),
    ]),
    "",
    ...latencyTable(stats, terminal),
    "",
    ...threadTable(stats, terminal),
  ]
}

function item({ paint }: Terminal, name: string, parts: readonly string[]): string {
  return `${paint("dim", name.padEnd(10))}${parts.join("   ")}`
}

/** Figures that should be zero stand out when they are not. */
function alarm({ paint }: Terminal, text: string, count: number): string {
  return count > 0 ? paint("red", text) : text
}

function latencyTable(stats: StatsView, terminal: Terminal): string[] {
  const rows = [
    {
      name: "fault service",
      us: [
        stats.fault_service_us_p50,
        stats.fault_service_us_p90,
        stats.fault_service_us_p99,
        stats.fault_service_us_max,
      ],
    },
    {
      name: "fill",
      us: [stats.fill_us_p50, stats.fill_us_p90, stats.fill_us_p99, stats.fill_us_max],
    },
  ]
  type Row = (typeof rows)[number]
  // A longest time of 0 means that nothing was measured yet.
  const percentile = (title: string, index: number) => ({
    title,
    align: "right" as const,
    cell: ({ us }: Row) => (us[3] === 0 ? "-" : formatUs(us[index] ?? 0)),
  })
  const table = renderTable<Row>(
    [
      { title: "LATENCY", cell: ({ name }) => name },
      percentile("P50", 0),
      percentile("P90", 1),
      percentile("P99", 2),
      percentile("MAX", 3),
    ],
    rows,
    terminal,
  )
  return [table.header, ...table.lines]
}

function threadTable({ threads }: StatsView, terminal: Terminal): string[] {
  const table = renderTable<(typeof threads)[number]>(
    [
      { title: "THREAD ON", cell: ({ cpu }) => (cpu < 0 ? "any CPU" : `CPU ${cpu}`) },
      { title: "FAULTS", align: "right", cell: ({ faults }) => formatCount(faults) },
      { title: "WAKE-UPS", align: "right", cell: ({ wakeups }) => formatCount(wakeups) },
    ],
    threads,
    terminal,
  )
  return [table.header, ...table.lines]
}
