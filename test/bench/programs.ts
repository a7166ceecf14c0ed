import { type ChildProcess, execFile, spawn } from "node:child_process"
import { once } from "node:events"
import { readdirSync } from "node:fs"
import { dirname, join } from "node:path"
import { createInterface } from "node:readline"
import { promisify } from "node:util"
import { compileProgram } from "../harness/compiled.js"
import { clientHeaders, clientLibrary } from "../harness/repository.js"
import { within } from "../harness/retry.js"
import { BrokenWork, checkWork, Figures } from "./figures.js"
import {
  clientMain,
  clientSources,
  measuringSources,
  type Reference,
  referenceSource,
  sourceDirectory,
} from "./sources.js"

/** Arguments of a measuring program: `{ bytes: 4096 }` is `--bytes 4096`. */
export type ProgramArguments = Readonly<Record<string, string | number>>

const runLimitMs = 120_000
const stopLimitMs = 30_000

/** Headers beside the sources: a program is compiled anew when one of them changed. */
const headersIn = (folder: string): string[] =>
  readdirSync(join(sourceDirectory, folder))
    .filter((name) => name.endsWith(".h"))
    .map((name) => join(sourceDirectory, folder, name))

/** The C programs of the benchmark, each compiled when it is first wanted. */
export class Programs {
  readonly #paths = new Map<string, string>()

  /** Runs a program of `reference/`. */
  reference(name: Reference, args: ProgramArguments): Promise<Figures> {
    return run(name, this.#reference(name), flags(args), windowOf(args))
  }

  /** Runs a command of the client; its faults must be as many as its windows ask for. */
  client(command: string, args: ProgramArguments): Promise<Figures> {
    return run("bench_client", this.#client(), [command, ...flags(args)], windowOf(args))
  }

  /** Starts a command of the client that goes on until it is stopped. */
  async background(command: string, args: ProgramArguments): Promise<Background> {
    const background = this.#spawn(command, args)
    await background.next()
    return background
  }

  /** The same, with what its first line said. */
  async occupant(args: ProgramArguments): Promise<{ occupant: Background; figures: Figures }> {
    const occupant = this.#spawn("occupy", args)
    const figures = await occupant.next()
    checkWork(figures, "occupy")
    return { occupant, figures }
  }

  #spawn(command: string, args: ProgramArguments): Background {
    return new Background(this.#client(), [command, ...flags(args)])
  }

  async makeImage(path: string, bytes: number, content: "pattern" | "zero"): Promise<void> {
    const args = flags({ path, bytes, zero: content === "zero" ? 1 : 0 })
    await promisify(execFile)(this.#reference("make_image"), args, { timeout: runLimitMs })
  }

  #reference(name: Reference): string {
    return this.#compiled(name, () => compileReference(name))
  }

  #client(): string {
    return this.#compiled("client", compileClient)
  }

  #compiled(name: string, compile: () => string): string {
    const path = this.#paths.get(name) ?? compile()
    this.#paths.set(name, path)
    return path
  }
}

const optimised = ["-O2", "-D_GNU_SOURCE"]

function compileReference(name: Reference): string {
  return compileProgram(referenceSource(name), {
    flags: optimised,
    sources: measuringSources,
    include: [sourceDirectory],
    dependsOn: headersIn("measuring"),
    libraries: ["-lpthread"],
  })
}

function compileClient(): string {
  return compileProgram(clientMain, {
    flags: optimised,
    sources: [...clientSources, ...measuringSources],
    include: [sourceDirectory, clientHeaders],
    dependsOn: [...headersIn("client"), ...headersIn("measuring"), join(clientHeaders, "pagerd.h")],
    libraries: [clientLibrary, `-Wl,-rpath,${dirname(clientLibrary)}`, "-lpthread"],
  })
}

const flags = (args: ProgramArguments): string[] =>
  Object.entries(args).flatMap(([name, value]) => [`--${name}`, String(value)])

const windowOf = (args: ProgramArguments): number | undefined =>
  Number(args["window-bytes"] ?? 0) || undefined

async function run(
  name: string,
  path: string,
  args: string[],
  windowBytes?: number,
): Promise<Figures> {
  const command = [name, ...args].join(" ")
  const { stdout } = await promisify(execFile)(path, args, { timeout: runLimitMs }).catch(
    ({ killed, stderr }: { killed?: boolean; stderr?: string }) => {
      const end = killed ? `took longer than ${runLimitMs / 1000} s` : stderr?.trim()
      throw new BrokenWork(`${end}: ${command}`)
    },
  )
  const figures = new Figures(name, stdout)
  checkWork(figures, command, windowBytes)
  return figures
}

/** A client that is there while others are measured. It ends when its stdin does. */
export class Background {
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>
  readonly #ended: Promise<unknown>

  constructor(path: string, args: readonly string[]) {
    const child = spawn(path, args, { stdio: ["pipe", "pipe", "inherit"] })
    if (child.stdout === null) throw new Error("spawn made no pipe")
    this.#child = child
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    this.#ended = once(child, "exit")
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error("a background client did not start")
    return this.#child.pid
  }

  /** Its next line: the first says that it is ready. */
  async next(): Promise<Figures> {
    const line = await within("a background client's line", runLimitMs, this.#lines.next())
    if (line.done) throw new Error("a background client ended before its time")
    return new Figures("bench_client", line.value)
  }

  async stop(): Promise<void> {
    this.#child.stdin?.end()
    await within("a background client's end", stopLimitMs, this.#ended)
  }
}
