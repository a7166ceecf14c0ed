import { resolve } from "node:path"
import type { Command } from "commander"
import { layersOf, schemeOf } from "../images/source.js"
import type { ImageView } from "../view.js"
import { withLoadProgress } from "./load_progress.js"
import { type AskingOptions, clientOf, wholeNumber, withDebugSocket } from "./options.js"
import { print, printJson } from "./output.js"
import { formatBytes, formatCount } from "./quantities.js"
import { type Column, renderTable } from "./table.js"
import { printable, terminalOf } from "./terminal.js"

export function addImage(program: Command): void {
  const image = program
    .command("image")
    .description("add, list, load and remove images")
    .addHelpText(
      "after",
      `
Examples:
  pagerd image add model ./model.bin
  pagerd image load model
  pagerd image add vm base.mem,diff1.mem,diff2.mem
  pagerd image add board ./board.bin --writable
  pagerd image ls
  pagerd image rm model`,
    )

  withDebugSocket(image.command("add"))
    .description("register an image while the manager runs")
    .argument("<name>", "letters, digits and . _ / -, starting with a letter or digit")
    .argument("<source>", "a path, or BASE,NEWER,..., or a URL; nothing is read before a touch")
    .option("--writable", "clients map it shared and see each other's writes")
    .option("--load", "bring all of it into memory at once, and return then")
    .option("--allow-uid <uid>", "only this user sees it; may be given often", anotherId)
    .option("--allow-gid <gid>", "only this group sees it; may be given often", anotherId)
    .addHelpText("after", addHelp)
    .action(addOne)
  withDebugSocket(image.command("load"))
    .description("bring all of an image into memory; mode auto is cow from then on")
    .argument("<name>", "the image's name")
    .addHelpText("after", loadHelp)
    .action(loadOne)
  withDebugSocket(image.command("ls"))
    .description("list the images and how much of each is in memory")
    .action(list)
  withDebugSocket(image.command("rm"))
    .description("forget an image; clients that map it keep it until they end")
    .argument("<name>", "the image's name")
    .action(removeOne)
}

const addHelp = `
A plain image is read-only: each client has its own writes to itself. A writable one is mapped with
access "shared" only. What clients write stays in the manager's memory, for as long as the manager
has the image: nothing is ever written back to SOURCE.

Paths joined by commas are layers, the base first: a page comes from the newest file that has data
in it (whose file system says so), and is zero where all have holes. A file whose own name is just
that, commas and all, goes ahead; file:///a,b always names one file. Lengths may differ, in whole
pages: the image is as long as the longest. None of the files may change. Copy them with the holes
that they have and no others: zeros that become a hole (cp --sparse=always) uncover what lies
beneath, holes that become zeros hide it.

Without --allow-uid and --allow-gid every client sees it; with them only clients of these users and
groups, and of root: for others there is no such image.`

const loadHelp = `
Returns once the image is resident, at once when it is. Loads that take long say on stderr how far
they are. Clients that map the image afterwards with mode auto get cow: no page of theirs ever
faults to the manager.`

interface AddOptions extends AskingOptions {
  readonly writable?: true
  readonly load?: true
  readonly allowUid?: readonly number[]
  readonly allowGid?: readonly number[]
}

const id = wholeNumber(0, 0xffff_fffe)
function anotherId(text: string, ids: readonly number[] = []): readonly number[] {
  return [...ids, id(text)]
}

async function addOne(name: string, source: string, options: AddOptions): Promise<void> {
  const client = clientOf(options)
  const { writable = false, load = false } = options
  const rule = { allow_uids: options.allowUid, allow_gids: options.allowGid }
  const body = { name, source: absoluteSource(source), writable, load, ...rule }
  const adding = (load ? client.patient() : client).post<ImageView>("/v1/images", body)
  const image = await (load ? withLoadProgress(client, name, adding) : adding)
  if (options.json) await printJson(image)
  else await print(`added ${image.name}: ${formatBytes(image.length_bytes)} from ${image.source}`)
}

async function loadOne(name: string, options: AskingOptions): Promise<void> {
  const client = clientOf(options)
  const loading = client.patient().post<ImageView>(`/v1/images/${encodeURIComponent(name)}/load`)
  const image = await withLoadProgress(client, name, loading)
  if (options.json) await printJson(image)
  else await print(`loaded ${image.name}: ${formatBytes(image.length_bytes)} are resident`)
}

async function list(options: AskingOptions): Promise<void> {
  const images = await clientOf(options).get<ImageView[]>("/v1/images")
  if (options.json) {
    await printJson(images)
  } else if (images.length === 0) {
    await print("no images: add one with `pagerd image add NAME SOURCE`")
  } else {
    const terminal = terminalOf(process.stdout)
    const table = renderTable(columns, images, terminal)
    const failures = images.flatMap(({ name, last_error }) =>
      last_error === null ? [] : [`${name}: ${printable(last_error)}`],
    )
    const failed = failures.length === 0 ? [] : ["", terminal.paint("red", "failures"), ...failures]
    await print([table.header, ...table.lines, ...failed])
  }
}

async function removeOne(name: string, options: AskingOptions): Promise<void> {
  await clientOf(options).delete(`/v1/images/${encodeURIComponent(name)}`)
  if (options.json) await printJson({ removed: name })
  else await print(`removed ${name}`)
}

/** The manager runs in another directory. */
function absoluteSource(source: string): string | readonly string[] {
  if (schemeOf(source) !== undefined) return source
  // A layer without a name is the manager's to refuse.
  const paths = layersOf(source).map((layer) => (layer === "" ? "" : resolve(layer)))
  const [path = ""] = paths
  return paths.length === 1 ? path : paths
}

const columns: readonly Column<ImageView>[] = [
  { title: "NAME", cell: ({ name }) => name, style: () => "bold" },
  {
    title: "STATE",
    cell: ({ state, fully_resident }) => (state === "ready" && fully_resident ? "resident" : state),
    style: ({ state }) => (state === "failed" ? "red" : "green"),
  },
  { title: "ACCESS", cell: ({ writable }) => (writable ? "shared" : "private") },
  { title: "LENGTH", align: "right", cell: ({ length_bytes }) => formatBytes(length_bytes) },
  { title: "RESIDENT", align: "right", cell: ({ resident_bytes }) => formatBytes(resident_bytes) },
  { title: "ZEROS", align: "right", cell: ({ zero_bytes }) => formatBytes(zero_bytes) },
  { title: "READ", align: "right", cell: ({ bytes_read }) => formatBytes(bytes_read) },
  { title: "FILLS", align: "right", cell: ({ fills }) => formatCount(fills) },
  {
    title: "FAILED",
    align: "right",
    cell: ({ fill_failures }) => formatCount(fill_failures),
    style: ({ fill_failures }) => (fill_failures > 0 ? "red" : "plain"),
  },
  { title: "REGIONS", align: "right", cell: ({ regions }) => formatCount(regions) },
  { title: "SOURCE", shrinks: true, cell: ({ source }) => source },
]
