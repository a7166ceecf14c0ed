import { spawn } from "node:child_process"
import { join } from "node:path"
import { compileProgram } from "../harness/compiled.js"
import { OwnedProcess } from "../harness/owned_process.js"
import { repository } from "../harness/repository.js"
import { scratchDirectory } from "../harness/scratch.js"
import { Lines } from "./lines.js"
import { endsWithItsTest } from "./started.js"

/** Mistakes that naive_manager.c can make. */
export const mistakes = [
  "ignores-remove",
  "reads-once",
  "believes-kib",
  "gives-up-at-eagain",
  "reads-past-end",
  "ignores-offset",
  "serves-one-vm",
  "takes-hup-for-end",
  "copies-4096",
  "poisons-pages",
  "flips-bits",
] as const
export type Mistake = (typeof mistakes)[number]

/** What a manager in C counted, over all of its VMs. */
export interface Counts {
  readonly sessions: number
  readonly faults: number
  readonly copies: number
  readonly zeros: number
  readonly removes: number
  readonly retries: number
  readonly refused: number
  /** Faults of each thread, where the VM's userfaultfd tells them. */
  readonly threads: Readonly<Record<string, number>>
}

const directory = join(repository, "test/vmm/managers")
const shared = ["install.c", "life.c", "receive.c", "regions_text.c"]

const compiled = (main: string): string =>
  compileProgram(join(directory, main), {
    flags: ["-O2", "-D_GNU_SOURCE"],
    sources: shared.map((name) => join(directory, name)),
    include: [repository],
    dependsOn: [join(directory, "session.h")],
    libraries: ["-pthread"],
  })

/** Serves VMs as Firecracker's own example does, without its mistakes: page by page. */
export function startReferenceManager(
  image: string,
  options: { readonly delayUs?: number; readonly socket?: string } = {},
): Promise<PageManager> {
  const delay = String(options.delayUs ?? 0)
  return start("reference_manager.c", image, ["--delay-us", delay], options.socket)
}

/** naive_manager.c, compiled. */
export const naiveProgram = (): string => compiled("naive_manager.c")

/** Serves VMs with the mistakes that are named; with none it is right. */
export function startNaiveManager(
  image: string,
  made: readonly Mistake[],
  socket?: string,
): Promise<PageManager> {
  const names = made.length === 0 ? ["none"] : made
  const flags = names.flatMap((name) => ["--mistake", name])
  return start("naive_manager.c", image, flags, socket)
}

async function start(
  main: string,
  image: string,
  flags: readonly string[],
  socket = join(scratchDirectory(), "uffd.sock"),
): Promise<PageManager> {
  const child = spawn(compiled(main), ["--socket", socket, "--image", image, ...flags], {
    stdio: ["pipe", "pipe", "pipe"],
  })
  const process = endsWithItsTest(new OwnedProcess(main, child))
  const lines = new Lines(process)
  await lines.next(`${main} ready`)
  return new PageManager(socket, process, lines)
}

/** A manager in C that listens. It is killed at the latest when the test's process ends. */
export class PageManager {
  constructor(
    readonly socket: string,
    readonly process: OwnedProcess,
    private readonly lines: Lines,
  ) {}

  async counts(): Promise<Counts> {
    return (await this.lines.ask("stat")) as unknown as Counts
  }

  async stop(): Promise<void> {
    await this.process.kill()
  }
}
