/**
 * Measures how VMs are restored by page fault managers, beside the memory file mapped as it is.
 *
 *   node dist/test/vmm/restore/main.js --image FILE [--manager NAME=SOCKET[=PID]]... [--vms N]
 *     [--delay-us N] [--plain] [--huge] [--rounds N] [--json]
 *
 * The reference manager in C and the file itself are always measured; `--manager` adds others that
 * listen already and serve FILE, with a process id their CPU time too. With `--delay-us` the
 * reference's source is slow; another's has to be made so by whoever started it.
 */
import { statSync } from "node:fs"
import { parseArgs } from "node:util"
import { startReferenceManager } from "../page_managers.js"
import { hugePageBytes, type VmmOptions } from "../vmm_program.js"
import { cpuSeconds, type Restore, restoreMany } from "./restore.js"
import { type Line, lineOf, tableOf } from "./table.js"

const patienceMs = 600_000

/** Whoever brings a VM's pages. */
interface Backend {
  readonly name: string
  /** Undefined: the file itself. */
  readonly socket: string | undefined
  readonly pid: number | undefined
}

const flag = { type: "boolean", default: false } as const
const { values } = parseArgs({
  options: {
    image: { type: "string" },
    manager: { type: "string", multiple: true, default: [] },
    vms: { type: "string", default: "1" },
    "delay-us": { type: "string", default: "0" },
    rounds: { type: "string", default: "3" },
    plain: flag,
    huge: flag,
    json: flag,
  },
})

function readBackend(text: string): Backend {
  const [name, socket, pid] = text.split("=")
  if (!name || !socket) throw new Error(`--manager is ${text}; wanted is NAME=SOCKET[=PID]`)
  return { name, socket, pid: pid === undefined ? undefined : Number(pid) }
}

async function measure(backend: Backend, options: VmmOptions): Promise<Line> {
  const { name, socket, pid } = backend
  const restores: Restore[] = []
  const before = pid === undefined ? undefined : cpuSeconds(pid)
  for (let round = 0; round < Number(values.rounds); round++) {
    const where = socket === undefined ? {} : { socket }
    restores.push(...(await restoreMany(Number(values.vms), { ...options, ...where })))
  }
  const cpu = pid === undefined || before === undefined ? undefined : cpuSeconds(pid) - before
  return lineOf(name, restores, cpu)
}

const { image } = values
if (image === undefined) throw new Error("wanted is --image")
const pageBytes = values.huge ? hugePageBytes : 4096
const memory = [Math.ceil(statSync(image).size / pageBytes) * pageBytes]
const options = { image, memory, pageBytes, isPlain: values.plain, answerBudgetMs: patienceMs }
const reference = await startReferenceManager(image, { delayUs: Number(values["delay-us"]) })
const backends: readonly Backend[] = [
  { name: "page by page (C)", socket: reference.socket, pid: reference.process.pid },
  // Huge pages cannot be those of a file.
  ...(values.huge ? [] : [{ name: "the file, mapped", socket: undefined, pid: undefined }]),
  ...values.manager.map(readBackend),
]
const lines: Line[] = []
for (const backend of backends) lines.push(await measure(backend, options))
await reference.stop()
console.log(values.json ? JSON.stringify(lines, null, 2) : tableOf(lines))
process.exit(lines.some(({ wrong }) => wrong > 0) ? 1 : 0)
