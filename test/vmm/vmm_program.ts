import { spawn } from "node:child_process"
import { readdirSync } from "node:fs"
import { join } from "node:path"
import { compileProgram } from "../harness/compiled.js"
import { OwnedProcess } from "../harness/owned_process.js"
import { repository } from "../harness/repository.js"
import { Lines } from "./lines.js"
import { endsWithItsTest } from "./started.js"

export const handshakes = ["1.1", "1.7", "1.12", "1.16", "nydus-array", "nydus-object"] as const
export type Handshake = (typeof handshakes)[number]

export const hugePageBytes = 2 << 20

export interface VmmOptions {
  /** Where the manager listens; without it memory is a private mapping of the image. */
  readonly socket?: string
  /** Sizes of the regions, in snapshot order. */
  readonly memory: readonly number[]
  /** What memory has to read as. Without it no order that checks is taken. */
  readonly image?: string
  readonly pageBytes?: number
  readonly handshake?: Handshake
  /** Over how many writes the message is split, each read before the next is sent. */
  readonly split?: number
  readonly vcpus?: number
  /** The guest waits for `resume`; the default is that it runs at once. */
  readonly isPaused?: boolean
  /** Another device than /dev/kvm. */
  readonly kvm?: string
  readonly isPlain?: boolean
  /** Each access exits, and is timed. */
  readonly isStepped?: boolean
  readonly hasThreadIds?: boolean
  readonly isUserModeOnly?: boolean
  /** How long an order may take before it fails; a manager that loses a fault costs so much. */
  readonly answerBudgetMs?: number
  /** A terminal's Ctrl-C does not reach it then. */
  readonly isOwnGroup?: boolean
}

/** The first line: the VM is made and has introduced itself. */
export interface VmmReady {
  readonly mode: "kvm" | "plain"
  /** Why not KVM; null when it is. */
  readonly why_plain: string | null
  readonly handshake: Handshake
  /** The text that was sent; null where there is nobody to send it to. */
  readonly message: string | null
  /** Of the VMM itself, and of its vCPUs. */
  readonly thread: number
  readonly vcpu_threads: readonly number[]
  readonly pages: number
}

interface Refusal {
  readonly state: string
  readonly why?: string
}

/** What came of an order; which fields there are is the order's. */
export interface VmmAnswer {
  readonly order: string
  readonly state: "done" | "started" | "refused"
  readonly why?: string
  readonly accesses: number
  readonly writes: number
  readonly wrong: number
  readonly failed: number
  readonly first_wrong?: {
    readonly address: string
    readonly found: string
    readonly wanted: string
  }
  readonly first_failed?: { readonly address: string; readonly how: string }
  readonly took_ns: number
  readonly latency_ns: { readonly p50: number; readonly p99: number; readonly max: number } | null
  readonly pages: number
  /** Bytes of chatter that somebody took. */
  readonly sent: number
  readonly touched: number
  /** Of KVM_RUN by signals. */
  readonly interruptions: number
  readonly guest: "resumed" | "paused"
}

const directory = join(repository, "test/vmm/program")

const sources = [
  "answer.c",
  "crew.c",
  "guest.c",
  "guest_orders.c",
  "handshake.c",
  "host_orders.c",
  "kvm.c",
  "latencies.c",
  "memory.c",
  "options.c",
  "orders.c",
  "pages.c",
  "plain.c",
  "plan.c",
  "sigbus.c",
  "vcpu.c",
]

/** test/vmm/program/vmm.c and all beside it, compiled. */
export function vmmProgram(): string {
  const headers = readdirSync(directory).filter((name) => name.endsWith(".h"))
  return compileProgram(join(directory, "vmm.c"), {
    flags: ["-O2", "-D_GNU_SOURCE"],
    sources: sources.map((name) => join(directory, name)),
    include: [repository],
    dependsOn: headers.map((name) => join(directory, name)),
    libraries: ["-pthread"],
  })
}

const flagsOf = (options: VmmOptions): string[] => [
  ...(options.socket === undefined ? ["--backend", "file"] : ["--socket", options.socket]),
  ...["--memory", options.memory.join(",")],
  ...(options.image === undefined ? [] : ["--image", options.image]),
  ...["--page-size", String(options.pageBytes ?? 4096)],
  ...["--handshake", options.handshake ?? "1.16"],
  ...["--split", String(options.split ?? 1)],
  ...["--vcpus", String(options.vcpus ?? 1)],
  ...["--resume", options.isPaused ? "on-order" : "now"],
  ...(options.kvm === undefined ? [] : ["--kvm", options.kvm]),
  ...(options.isPlain ? ["--plain"] : []),
  ...(options.isStepped ? ["--step"] : []),
  ...(options.hasThreadIds ? ["--thread-ids"] : []),
  ...(options.isUserModeOnly ? ["--user-mode-only"] : []),
]

/** Starts a VM, whose memory the manager at the socket has to fill; it has sent its message. */
export async function startVmm(options: VmmOptions): Promise<Vmm> {
  const child = spawn(vmmProgram(), flagsOf(options), {
    stdio: ["pipe", "pipe", "pipe"],
    detached: options.isOwnGroup ?? false,
  })
  const vmm = endsWithItsTest(new OwnedProcess("vmm", child))
  const lines = new Lines(vmm, options.answerBudgetMs)
  const ready = (await lines.next("the VM's start")) as unknown as VmmReady & Refusal
  if (ready.state !== "ready") throw new Error(`the VM did not start: ${ready.why}`)
  return new Vmm(vmm, lines, ready)
}

/** A running VM. It is killed at the latest when the test's process ends. */
export class Vmm {
  constructor(
    readonly process: OwnedProcess,
    private readonly lines: Lines,
    readonly ready: VmmReady,
  ) {}

  /** One order, as vmm.c lists them; rejects when it is refused, or not answered in time. */
  async order(...words: readonly (string | number)[]): Promise<VmmAnswer> {
    const line = words.join(" ")
    const answer = (await this.lines.ask(line)) as unknown as VmmAnswer
    if (answer.state === "refused") throw new Error(`refused: ${line}: ${answer.why}`)
    return answer
  }

  /** Lets it end by itself. */
  async quit(): Promise<void> {
    this.process.child.stdin?.end("quit\n")
    await this.process.ended()
  }

  kill(): Promise<void> {
    return this.process.kill()
  }
}
