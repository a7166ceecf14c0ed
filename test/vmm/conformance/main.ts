/** npm run conformance: tries a Firecracker page fault handler, whoever wrote it. */
import { parseArgs } from "node:util"
import { Bed, type BedOptions } from "./bed.js"
import { type Case, cases } from "./cases.js"
import { type CaseResult, caseLines, runCase, sumLine } from "./run.js"

const usageError = 2

const helpText = `npm run conformance -- --socket PATH --image FILE [options]

Tries a handler of Firecracker's page faults, whoever wrote it: something that listens at PATH and
serves the memory of FILE to every VM that connects there. A tiny VMM under KVM plays the VMs. FILE
is one of 4 MiB to 2.5 GiB; one that is all zeros, or whose parts are alike, shows little.

  --handler COMMAND  starts the handler for each case, and ends it after that: for one that serves a
                     single VM. COMMAND is a program and its arguments, in which a shell finds
                     $SOCKET and $IMAGE; a file that is at PATH is removed
  --case NAME        only this one; may be given again
  --patience-ms N    how long a guest may wait for the answer to an order (default 10000)
  --plain            without KVM: threads of the VMM touch its memory
  --json             prints the results as JSON, and nothing else
  --list             prints the cases

Examples:
  npm run conformance -- --socket /tmp/uffd.sock --image vm.mem
  npm run conformance -- --socket /tmp/uffd.sock --image vm.mem \\
    --handler 'target/release/my_handler "$SOCKET" "$IMAGE"'

It exits with 0 when no case failed, with 1 when one did, with 2 for wrong usage. It needs /dev/kvm
(else it says so, and threads stand in for guests), a userfaultfd (root, or whoever may have one),
and four free pages of 2 MiB for the cases of those, which root's runs reserve as long as they
take.`

const text = { type: "string" } as const
const flag = { type: "boolean", default: false } as const

interface Orders {
  readonly bed: BedOptions
  readonly chosen: readonly Case[]
  readonly isJson: boolean
}

function readOrders(): Orders | undefined {
  const { values } = parseArgs({
    options: {
      socket: text,
      image: text,
      handler: text,
      case: { type: "string", multiple: true, default: [] },
      "patience-ms": { type: "string", default: "10000" },
      plain: flag,
      json: flag,
      list: flag,
      help: flag,
    },
  })
  if (values.help) console.log(helpText)
  if (values.list) for (const { name, claim } of cases) console.log(`${name.padEnd(22)} ${claim}`)
  if (values.help || values.list) return undefined
  const { socket, image, case: names } = values
  if (socket === undefined || image === undefined) {
    throw new Error(`wanted are --socket and --image\n\n${helpText}`)
  }
  const patienceMs = Number(values["patience-ms"])
  if (!(patienceMs >= 1)) {
    throw new Error(`--patience-ms is ${values["patience-ms"]}; wanted is a number from 1 on`)
  }
  const unknown = names.find((name) => !cases.some((one) => one.name === name))
  if (unknown !== undefined) throw new Error(`there is no case ${unknown}; --list shows all`)
  const chosen = cases.filter(({ name }) => names.length === 0 || names.includes(name))
  const bed = { socket, image, patienceMs, isPlain: values.plain, command: values.handler }
  new Bed(bed) // Says what is wrong with the image before anything is tried.
  return { bed, chosen, isJson: values.json }
}

function ordersOrExit(): Orders {
  try {
    const orders = readOrders()
    if (orders !== undefined) return orders
    process.exit(0)
  } catch (error) {
    console.error((error as Error).message)
    process.exit(usageError)
  }
}

/** Once: what passes without KVM may fail with it. */
function tellOfPlainGuests({ whyPlain }: CaseResult): void {
  if (hasToldOfPlain || whyPlain === null) return
  hasToldOfPlain = true
  console.error(`NO KVM (${whyPlain}): threads of the VMM stand in for guests, and fault as those`)
  console.error("of any process do, not within KVM_RUN. Firecracker's guests need more than this.")
}

const { bed, chosen, isJson } = ordersOrExit()
// By way of an exit, so that the machine's huge pages are as before.
process.once("SIGINT", () => process.exit(130))
process.once("SIGTERM", () => process.exit(143))
let hasToldOfPlain = false
const results: CaseResult[] = []
for (const one of chosen) {
  const result = await runCase(one, bed)
  results.push(result)
  tellOfPlainGuests(result)
  if (!isJson) console.log(caseLines(result))
}
console.log(isJson ? JSON.stringify(results, null, 2) : `\n${sumLine(results)}`)
process.exit(results.some(({ state }) => state === "fail") ? 1 : 0)
