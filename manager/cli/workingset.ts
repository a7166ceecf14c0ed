import { readFileSync, writeFileSync } from "node:fs"
import type { Command } from "commander"
import { hugePageBytes } from "../engine/huge_pages.js"
import { reasonOf } from "../errors.js"
import type { WorkingSetDetailView, WorkingSetView } from "../view.js"
import { CommandFailure, exitCodes } from "./failure.js"
import { type AskingOptions, clientOf, withDebugSocket } from "./options.js"
import { print, printJson } from "./output.js"
import { counted, formatBytes, formatCount } from "./quantities.js"
import { type Column, renderTable } from "./table.js"
import { printable, terminalOf } from "./terminal.js"

export function addWorkingSet(program: Command): void {
  const workingSet = program
    .command("workingset")
    .description("see and carry about what clients need of an image first")
    .addHelpText("after", help)

  withDebugSocket(workingSet.command("ls"))
    .description("list the working sets and how much replaying them helps")
    .action(list)
  withDebugSocket(workingSet.command("show"))
    .description("show one with its ranges, in the order in which they are replayed")
    .argument("<name>", "the image's name")
    .option(...huge)
    .action(show)
  withDebugSocket(workingSet.command("rm"))
    .description("forget what was recorded of an image; the next run is recorded")
    .argument("<name>", "the image's name")
    .action(removeOne)
  withDebugSocket(workingSet.command("export"))
    .description("write one to a file, for the same image under another manager")
    .argument("<name>", "the image's name")
    .argument("<file>", "it is replaced if it is there")
    .option(...huge)
    .action(exportOne)
  withDebugSocket(workingSet.command("import"))
    .description("take one from a file, in place of what was recorded")
    .argument("<name>", "the image's name; it must be as long as the one of the file")
    .argument("<file>", "what `pagerd workingset export` wrote")
    .action(importOne)
}

const help = `
What a client touches of an image in the first seconds after it has mapped it is recorded, and
brought to the next one before it asks. A configuration file, or a flag, says of which images:
  pagerd serve --image vm=/srv/vm.mem --working-sets vm

Examples:
  pagerd workingset ls
  pagerd workingset show vm
  pagerd workingset export vm ./vm.workingset
  pagerd workingset import vm ./vm.workingset`

const huge = ["--huge", "the one of memory with pages of 2 MiB"] as const

interface SetOptions extends AskingOptions {
  readonly huge?: true
}

const pathOf = (name: string) => `/v1/working_sets/${encodeURIComponent(name)}`
/** Without a wish it is the newest of the two that there may be. */
const pageQuery = ({ huge }: SetOptions): Record<string, string> =>
  huge ? { page_bytes: String(hugePageBytes) } : {}

async function list(options: AskingOptions): Promise<void> {
  const sets = await clientOf(options).get<WorkingSetView[]>("/v1/working_sets")
  if (options.json) await printJson(sets)
  else if (sets.length === 0) await print("no working sets: `pagerd workingset --help` says more")
  else {
    const table = renderTable(columns, sets, terminalOf(process.stdout))
    await print([table.header, ...table.lines])
  }
}

async function show(name: string, options: SetOptions): Promise<void> {
  const path = `${pathOf(name)}?${new URLSearchParams(pageQuery(options))}`
  const set = await clientOf(options).get<WorkingSetDetailView>(path)
  if (options.json) return printJson(set)
  const terminal = terminalOf(process.stdout)
  const facts = renderTable(columns, [set], terminal)
  const missed = `${formatCount(set.pages_missed)} missed, ${formatCount(set.pages_late)} late`
  const replays = counted(set.replays, "replay")
  const ranges = renderTable(rangeColumns, set.ranges, terminal)
  await print([
    facts.header,
    ...facts.lines,
    "",
    `${replays} of ${formatCount(set.pages_replayed)} pages: ${missed}`,
    `recorded last at ${printable(set.recorded_at)}, key ${printable(set.key)}`,
    "",
    ranges.header,
    ...ranges.lines,
  ])
}

async function removeOne(name: string, options: AskingOptions): Promise<void> {
  await clientOf(options).delete(pathOf(name))
  if (options.json) await printJson({ removed: name })
  else await print(`removed the working set of ${name}`)
}

async function exportOne(name: string, file: string, options: SetOptions): Promise<void> {
  const query = new URLSearchParams({ export: "1", ...pageQuery(options) })
  const set = await clientOf(options).get<object>(`${pathOf(name)}?${query}`)
  withFile(`write ${file}`, () => writeFileSync(file, `${JSON.stringify(set)}\n`))
  if (options.json) await printJson({ exported: name, file })
  else await print(`exported the working set of ${name} to ${file}`)
}

async function importOne(name: string, file: string, options: AskingOptions): Promise<void> {
  const text = withFile(`read ${file}`, () => readFileSync(file, "utf8"))
  const set = await clientOf(options).post<WorkingSetView>(pathOf(name), parse(file, text))
  if (options.json) await printJson(set)
  else await print(`imported ${formatBytes(set.pages * set.page_bytes)} for ${set.image}`)
}

function withFile<Result>(what: string, access: () => Result): Result {
  try {
    return access()
  } catch (error) {
    throw new CommandFailure(exitCodes.failed, "file_failed", `cannot ${what}: ${reasonOf(error)}`)
  }
}

function parse(file: string, text: string): object {
  try {
    return Object(JSON.parse(text))
  } catch (error) {
    const message = `${file} is no working set: ${reasonOf(error)}`
    throw new CommandFailure(exitCodes.failed, "malformed_working_set", message)
  }
}

const columns: readonly Column<WorkingSetView>[] = [
  { title: "IMAGE", cell: ({ image }) => image, style: () => "bold", shrinks: true },
  {
    title: "STATE",
    cell: ({ state }) => state,
    style: ({ state }) => (state === "on" ? "green" : "plain"),
  },
  {
    title: "REPLAYED",
    align: "right",
    cell: ({ pages, page_bytes }) => formatBytes(pages * page_bytes),
  },
  { title: "PAGES OF", align: "right", cell: ({ page_bytes }) => formatBytes(page_bytes) },
  { title: "IMAGE LENGTH", align: "right", cell: ({ length_bytes }) => formatBytes(length_bytes) },
  { title: "RUNS", align: "right", cell: ({ runs }) => formatCount(runs) },
  {
    title: "HIT RATIO",
    align: "right",
    cell: ({ hit_ratio }) => (hit_ratio === null ? "-" : `${Math.round(hit_ratio * 100)} %`),
  },
  { title: "REPLAYS", align: "right", cell: ({ replays }) => formatCount(replays) },
  { title: "MISSED", align: "right", cell: ({ pages_missed }) => formatCount(pages_missed) },
]

const rangeColumns: readonly Column<WorkingSetDetailView["ranges"][number]>[] = [
  { title: "OFFSET", align: "right", cell: ({ offset_bytes }) => String(offset_bytes) },
  { title: "LENGTH", align: "right", cell: ({ length_bytes }) => formatBytes(length_bytes) },
]
