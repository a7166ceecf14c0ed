import type { Command } from "commander"
import { pageBytes } from "../../protocol/limits.js"
import type { RegionView, SessionView } from "../view.js"
import type { DebugClient } from "./debug_client.js"
import { type AskingOptions, clientOf, withDebugSocket } from "./options.js"
import { print, printJson } from "./output.js"
import { formatBytes, formatCount, formatUs } from "./quantities.js"
import { type Column, renderTable } from "./table.js"
import { printable, type Terminal, terminalOf } from "./terminal.js"

interface PsOptions extends AskingOptions {
  readonly regions?: true
}

export function addPs(program: Command): void {
  withDebugSocket(program.command("ps"))
    .description("list the clients and what they map")
    .option("--regions", "list each client's regions below it")
    .addHelpText(
      "after",
      `
MAPPED is what a client registered, RESIDENT what of it was installed so far. P99 is the time that
99 of 100 faults took at most. PENDING counts faults that wait right now, and since when. WHY says
what made the manager choose a region's mode; those of mode cow never fault to it. DISCARDED is what
pages read as that the client gave back (a VM's balloon, madvise): zeros, or the image again; it is
there only when a region listed has zeros. POPULATE is there only when a client's memory is brought
in the background: waiting for its turn, filling, failed, or detached, and then it needs the manager
no more. STUCK is there only when a fault is older than a second: where the oldest is (source: waits
for bytes; deferred: is tried again; ioctl: the kernel is installing its page; queue: unread), and
for how long.

Example:
  pagerd ps --json | jq '.[] | select(.pending_faults > 0) | .pid'`,
    )
    .action(ps)
}

async function ps(options: PsOptions): Promise<void> {
  const client = clientOf(options)
  const sessions = await client.get<SessionView[]>("/v1/sessions")
  const regions = options.regions ? await getRegions(client) : []
  if (options.json) {
    await printJson(options.regions ? withRegions(sessions, regions) : sessions)
  } else if (sessions.length === 0) {
    await print("no client is connected")
  } else {
    await print(renderSessions(sessions, regions, terminalOf(process.stdout)))
  }
}

async function getRegions(client: DebugClient): Promise<RegionView[]> {
  const regions = await client.get<RegionView[]>("/v1/regions")
  return regions.sort((left, right) => left.region - right.region)
}

function withRegions(sessions: readonly SessionView[], regions: readonly RegionView[]) {
  return sessions.map((session) => ({
    ...session,
    region_list: regions.filter((region) => region.session === session.id),
  }))
}

function renderSessions(
  sessions: readonly SessionView[],
  regions: readonly RegionView[],
  terminal: Terminal,
): string[] {
  const columns = [
    ...sessionColumns,
    ...(sessions.some(({ population }) => population !== null) ? [populateColumn] : []),
    ...(sessions.some(isStuck) ? [stuckColumn] : []),
  ]
  const table = renderTable(columns, sessions, terminal)
  const regionTable = renderTable(columnsFor(regions), regions, terminal, "    ")
  const below = (id: string) =>
    regionTable.lines.filter((_, index) => regions[index]?.session === id)
  return [
    table.header,
    ...(regions.length > 0 ? [regionTable.header] : []),
    ...sessions.flatMap(({ id }, index) => [table.lines[index] ?? "", ...below(id)]),
    ...lastErrors(sessions, terminal),
  ]
}

function lastErrors(sessions: readonly SessionView[], { paint }: Terminal): string[] {
  const lines = sessions.flatMap(({ id, last_error }) => {
    if (last_error === null) return []
    return `${id} at ${last_error.at}: ${last_error.code}: ${printable(last_error.message)}`
  })
  return lines.length === 0 ? [] : ["", paint("yellow", "last errors"), ...lines]
}

const sessionColumns: readonly Column<SessionView>[] = [
  { title: "ID", cell: ({ id }) => id, style: () => "bold" },
  { title: "PID", align: "right", cell: ({ pid }) => String(pid) },
  { title: "UID", align: "right", cell: ({ uid }) => String(uid) },
  { title: "COMMAND", shrinks: true, cell: ({ command }) => shortCommand(command) },
  { title: "REGIONS", align: "right", cell: ({ regions }) => formatCount(regions) },
  { title: "MAPPED", align: "right", cell: ({ length_bytes }) => formatBytes(length_bytes) },
  {
    title: "RESIDENT",
    align: "right",
    cell: ({ resident_pages }) => formatBytes(resident_pages * pageBytes),
  },
  { title: "FAULTS", align: "right", cell: (session) => formatCount(faultsOf(session)) },
  {
    title: "P99",
    align: "right",
    cell: (session) => (faultsOf(session) > 0 ? formatUs(session.fault_service_us_p99) : "-"),
  },
  {
    title: "PENDING",
    align: "right",
    cell: pendingCell,
    style: ({ pending_faults }) => (pending_faults > 0 ? "yellow" : "plain"),
  },
]

const populateColumn: Column<SessionView> = {
  title: "POPULATE",
  cell: ({ state, population }) => (state === "detached" ? state : (population?.state ?? "-")),
  style: ({ population }) => (population?.state === "failed" ? "red" : "plain"),
}

const stuckColumn: Column<SessionView> = {
  title: "STUCK",
  cell: stuckCell,
  style: (session) => (isStuck(session) ? "red" : "plain"),
}

const discardColumn: Column<RegionView> = {
  title: "DISCARDED",
  cell: ({ on_discard }) => (on_discard === "zero" ? "zeros" : "image"),
}

const regionColumns: readonly Column<RegionView>[] = [
  { title: "REGION", align: "right", cell: ({ region }) => String(region) },
  { title: "IMAGE", shrinks: true, cell: ({ image }) => image },
  { title: "MODE", cell: ({ mode }) => mode },
  { title: "ACCESS", cell: ({ access }) => access },
  { title: "ADDRESS", cell: ({ address }) => address },
  { title: "OFFSET", align: "right", cell: ({ offset_bytes }) => formatBytes(offset_bytes) },
  { title: "MAPPED", align: "right", cell: ({ length_bytes }) => formatBytes(length_bytes) },
  {
    title: "RESIDENT",
    align: "right",
    cell: ({ resident_pages }) => formatBytes(resident_pages * pageBytes),
  },
  { title: "FAULTS", align: "right", cell: ({ faults }) => formatCount(faults) },
  {
    title: "WINDOW",
    align: "right",
    // 0: the client left it to the manager.
    cell: ({ mode, window_bytes }) => {
      if (mode === "cow") return "-"
      return window_bytes === 0 ? "default" : formatBytes(window_bytes)
    },
  },
  { title: "WHY", cell: ({ mode_reason }) => mode_reason, style: () => "dim" },
]

/** Where none reads as zeros there is nothing to tell: that is the exception. */
function columnsFor(regions: readonly RegionView[]): readonly Column<RegionView>[] {
  const hasZeros = regions.some(({ on_discard }) => on_discard === "zero")
  return hasZeros ? regionColumns.toSpliced(-1, 0, discardColumn) : regionColumns
}

const stuckMsMin = 1_000

function isStuck({ oldest_fault_age_ms }: SessionView): boolean {
  return oldest_fault_age_ms !== null && oldest_fault_age_ms > stuckMsMin
}

function stuckCell(session: SessionView): string {
  if (!isStuck(session)) return "-"
  const { oldest_fault_stuck_in, oldest_fault_age_ms } = session
  return `${oldest_fault_stuck_in} ${formatUs((oldest_fault_age_ms ?? 0) * 1e3)}`
}

function pendingCell({ pending_faults, oldest_pending_fault_ms }: SessionView): string {
  if (pending_faults === 0) return "0"
  return `${pending_faults} (${formatUs((oldest_pending_fault_ms ?? 0) * 1e3)})`
}

/** Without the directories before the program's name, which would push the name off the line. */
export function shortCommand(command: string): string {
  return command.replace(/^\/\S*\//, "")
}

export function faultsOf({ faults }: Pick<SessionView, "faults">): number {
  return faults.missing + faults.minor + faults.write_protect
}
