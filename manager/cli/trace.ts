import type { Command } from "commander"
import { safeJson } from "../safe_json.js"
import type { FaultView, SessionView } from "../view.js"
import type { DebugClient } from "./debug_client.js"
import { type AskingOptions, clientOf, wholeNumber, withDebugSocket } from "./options.js"
import { print } from "./output.js"
import { counted, formatUs } from "./quantities.js"
import { type Paint, printable, type Style, terminalOf } from "./terminal.js"

interface TraceOptions extends AskingOptions {
  readonly limit?: number
  readonly past?: number
}

export function addTrace(program: Command): void {
  withDebugSocket(program.command("trace"))
    .description("show faults as they happen, one line each")
    .argument("[id]", "only this session's (see `pagerd ps`)")
    .option("--limit <count>", "end after so many faults", wholeNumber(1, 1e15 - 1))
    .option("--past <count>", "begin with the last so many faults", wholeNumber(0, 10_000))
    .addHelpText(
      "after",
      `
A fault's line: time, session, pid, image and the offset of the page in it, kind of fault, whether
the client read or wrote, how serving it ended, pages installed with it, service time, and whether
bytes had to be read.
Faults that come faster than they can be shown are counted instead. Ends with Ctrl-C.

Example:
  pagerd trace s3 --limit 1000 --json > faults.ndjson`,
    )
    .action(trace)
}

async function trace(session: string | undefined, options: TraceOptions): Promise<void> {
  const client = clientOf(options)
  if (session !== undefined) await checkSession(client, session)
  const { paint } = terminalOf(process.stdout)
  const stop = new AbortController()
  process.once("SIGINT", () => stop.abort())
  process.once("SIGTERM", () => stop.abort())

  let shown = 0
  for await (const line of client.lines(targetOf(session, options), stop.signal)) {
    const entry = JSON.parse(line) as FaultView | { dropped: number }
    await print(options.json ? safeJson(line) : renderEntry(entry, paint))
    if (!("dropped" in entry)) shown += 1
    if (shown === options.limit) return
  }
  if (!stop.signal.aborted) {
    process.stderr.write(`pagerd: the manager at ${client.path} ended the trace\n`)
  }
}

async function checkSession(client: DebugClient, session: string): Promise<void> {
  await client.get<SessionView>(`/v1/sessions/${encodeURIComponent(session)}`)
}

function targetOf(session: string | undefined, { past }: TraceOptions): string {
  const query = new URLSearchParams({ follow: "1" })
  if (session !== undefined) query.set("session", session)
  if (past !== undefined) query.set("limit", String(past))
  return `/v1/faults?${query}`
}

const outcomeStyles: Partial<Record<FaultView["outcome"], Style>> = {
  failed: "red",
  deferred: "yellow",
  discarded: "dim",
  already_present: "dim",
}

function renderEntry(entry: FaultView | { dropped: number }, paint: Paint): string {
  if ("dropped" in entry) return paint("yellow", `... ${counted(entry.dropped, "fault")} not shown`)
  const place = `${printable(entry.image)}+0x${entry.image_offset_bytes.toString(16)}`
  return [
    paint("dim", entry.at.slice(11, 23)),
    entry.session.padEnd(4),
    String(entry.pid).padStart(7),
    place.padEnd(24),
    entry.kind.replace("_", "-").padEnd(7),
    (entry.is_write ? "write" : "read").padEnd(5),
    paint(outcomeStyles[entry.outcome] ?? "plain", entry.outcome.replace("_", " ").padEnd(9)),
    counted(entry.pages, "page").padStart(9),
    formatUs(entry.service_us).padStart(8),
    ...(entry.has_waited_for_fill ? [paint("cyan", "filled")] : []),
  ].join("  ")
}
