import { resolve } from "node:path"
import { type Command, InvalidArgumentError } from "commander"
import {
  populateRateDefault,
  populateRateMax,
  populateRateMin,
} from "../dialects/firecracker/populate_rate.js"
import type { ListenerView } from "../view.js"
import { type AskingOptions, clientOf, withDebugSocket } from "./options.js"
import { print, printJson } from "./output.js"
import { formatBytes, formatCount, parseBytes } from "./quantities.js"
import { type Column, renderTable } from "./table.js"
import { printable, terminalOf } from "./terminal.js"

export function addListen(program: Command): void {
  const listen = program
    .command("listen")
    .description("have VMMs find an image at a path, list such paths and remove them")
    .addHelpText(
      "after",
      `
Examples:
  pagerd listen firecracker --image vm --path /run/pagerd/vm.sock
  pagerd listen firecracker --image vm --path /run/pagerd/vm.sock --populate 100MiB
  pagerd listen ls
  pagerd listen rm /run/pagerd/vm.sock`,
    )

  withDebugSocket(listen.command("firecracker"))
    .description("serve the memory of Firecracker's VMs out of an image")
    .requiredOption("--image <name>", "the snapshot's memory file, as `pagerd image ls` has it")
    .requiredOption("--path <socket>", "Firecracker's mem_backend.backend_path")
    .option("--once", "until the first VM is served")
    .option("--mode <octal>", "of the socket's file", mode, "0600")
    .option(
      "--populate [bytes-per-second]",
      "bring all of a VM's memory in the background, so fast at most (256MiB unless said); then " +
        "the VM depends on the manager no more",
      rate,
    )
    .option("--owner <uid:gid>", "whose the socket's file is: those that the jailer runs as", owner)
    .addHelpText("after", firecrackerHelp)
    .action(addOne)
  withDebugSocket(listen.command("ls"))
    .description("list the paths where VMMs find an image")
    .action(list)
  withDebugSocket(listen.command("rm"))
    .description("listen there no more; VMs that are served go on")
    .argument("<path>", "as `pagerd listen ls` has it")
    .action(removeOne)
}

const firecrackerHelp = `
The path is there before Firecracker is told of it:
  PUT /snapshot/load {"snapshot_path": "...", "mem_backend":
    {"backend_type": "Uffd", "backend_path": "<socket>"}}
With --populate a VM has all of its memory some time after its start, whether it touches it or not:
it is \`detached\` in \`pagerd ps\` then, and neither a manager's end nor its absence matters to it.
The manager is restarted with its listeners. What it cannot serve it refuses in its log, since
Firecracker reads no answer. Under the jailer the path lies in the VM's own root directory, and
backend_path is what it is called there.`

function mode(text: string): string {
  if (/^0?[0-7]{3}$/.test(text)) return text
  throw new InvalidArgumentError("Wanted three octal digits, as in 0660.")
}

function rate(text: string): number {
  const bytes = parseBytes(text)
  if (bytes >= populateRateMin && bytes <= populateRateMax) return bytes
  throw new InvalidArgumentError("Wanted bytes a second, from 1MiB to 1TiB, as in 256MiB.")
}

function owner(text: string): { uid: number; gid: number } {
  const [, uid, gid] = /^([0-9]{1,10}):([0-9]{1,10})$/.exec(text) ?? []
  if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) }
  throw new InvalidArgumentError("Wanted two numbers, as in 123:100.")
}

interface ListenOptions extends AskingOptions {
  readonly image: string
  readonly path: string
  readonly once?: true
  readonly mode: string
  readonly owner?: { readonly uid: number; readonly gid: number }
  /** True: at the usual rate. */
  readonly populate?: number | true
}

async function addOne(options: ListenOptions): Promise<void> {
  const { image, mode, owner, once = false } = options
  const path = resolve(options.path)
  const { populate } = options
  const populate_bytes_per_second = populate === true ? populateRateDefault : populate
  const asked = { dialect: "firecracker", image, path, once, mode, owner }
  const body = { ...asked, populate_bytes_per_second }
  const listener = await clientOf(options).post<ListenerView>("/v1/listeners", body)
  if (options.json) await printJson(listener)
  else await print(`Firecracker finds image ${listener.image} at ${listener.path}`)
}

async function list(options: AskingOptions): Promise<void> {
  const listeners = await clientOf(options).get<ListenerView[]>("/v1/listeners")
  if (options.json) {
    await printJson(listeners)
  } else if (listeners.length === 0) {
    await print("no listeners: add one with `pagerd listen firecracker --image NAME --path P`")
  } else {
    const terminal = terminalOf(process.stdout)
    const table = renderTable(columns, listeners, terminal)
    const failures = listeners.flatMap(({ path, last_error }) =>
      last_error === null ? [] : [`${path}: ${printable(last_error)}`],
    )
    const failed = failures.length === 0 ? [] : ["", terminal.paint("red", "failures"), ...failures]
    await print([table.header, ...table.lines, ...failed])
  }
}

async function removeOne(path: string, options: AskingOptions): Promise<void> {
  await clientOf(options).delete(`/v1/listeners/${encodeURIComponent(resolve(path))}`)
  if (options.json) await printJson({ removed: resolve(path) })
  else await print(`removed ${resolve(path)}`)
}

const columns: readonly Column<ListenerView>[] = [
  { title: "IMAGE", cell: ({ image }) => image, style: () => "bold" },
  {
    title: "STATE",
    cell: ({ state }) => state,
    style: ({ state }) => (state === "failed" ? "red" : "green"),
  },
  { title: "SERVED", align: "right", cell: ({ served }) => formatCount(served) },
  {
    title: "REFUSED",
    align: "right",
    cell: ({ refused }) => formatCount(refused),
    style: ({ refused }) => (refused > 0 ? "red" : "plain"),
  },
  { title: "MODE", cell: ({ mode }) => mode },
  { title: "OWNER", cell: ({ owner }) => owner ?? "-" },
  {
    title: "POPULATE",
    align: "right",
    cell: ({ populate_bytes_per_second: rate }) => (rate === null ? "-" : `${formatBytes(rate)}/s`),
  },
  { title: "ONCE", cell: ({ once }) => (once ? "yes" : "no") },
  { title: "PATH", shrinks: true, cell: ({ path }) => path },
]
