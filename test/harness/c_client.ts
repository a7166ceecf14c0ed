import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { chmodSync, copyFileSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { atExit } from "./at_exit.js"
import { compileProgram } from "./compiled.js"
import { type ParkedFault, waitUntilParked } from "./parked_fault.js"
import { clientLibrary, repository } from "./repository.js"
import { within } from "./retry.js"
import { scratchDirectory } from "./scratch.js"
import { asUid } from "./user.js"

export const modes = { auto: 0, copy: 1, share: 2, cow: 3 } as const

export interface CMapOptions {
  readonly mode?: keyof typeof modes
  readonly offsetBytes?: number
  readonly lengthBytes?: number
  readonly windowBytes?: number
}

export interface Ending {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

const answerBudgetMs = 45_000

/** The client program, compiled against pagerd.h and libpagerd.so and nothing else of ours. */
const cClientProgram = (): string =>
  compileProgram(join(repository, "test/harness/c_client.c"), {
    include: [repository],
    dependsOn: [
      join(repository, "native/client/pagerd.h"),
      join(repository, "test/harness/pattern.h"),
    ],
    libraries: [`-L${dirname(clientLibrary)}`, `-l:${basename(clientLibrary)}`],
  })

/** Starts a client in C, connected when a socket is given. */
export async function startCClient(socket?: string, uid?: number): Promise<CClient> {
  const program = cClientProgram()
  const files = uid === undefined ? [program, clientLibrary] : stage([program, clientLibrary])
  const child = spawn(files[0] ?? "", [], {
    env: { ...process.env, LD_LIBRARY_PATH: dirname(files[1] ?? "") },
    stdio: ["pipe", "pipe", "pipe"],
    ...(uid === undefined ? {} : asUid(uid)),
  })
  const client = new CClient(child)
  if (socket !== undefined) await client.connect(socket)
  return client
}

/** Copies of files where every user can read them: the repository may lie in a home directory. */
function stage(paths: readonly string[]): string[] {
  const directory = scratchDirectory()
  return paths.map((path) => {
    const copy = join(directory, basename(path))
    copyFileSync(path, copy)
    chmodSync(copy, 0o755)
    return copy
  })
}

/**
 * A client process in C, which does one thing at a time. Killed at the latest when the test's
 * process ends.
 */
export class CClient {
  readonly pid: number
  readonly #child: ChildProcess
  readonly #ended: Promise<Ending>
  readonly #waiting: { resolve: (line: string) => void; reject: (error: Error) => void }[] = []
  #stdout = ""
  #stderr = ""

  constructor(child: ChildProcess) {
    this.#child = child
    this.pid = child.pid ?? -1
    child.stdout?.on("data", (chunk: Buffer) => this.#takeLines(chunk.toString()))
    child.stderr?.on("data", (chunk: Buffer) => {
      this.#stderr += chunk.toString()
    })
    child.stdin?.on("error", () => {}) // It died; `exit` tells how.
    this.#ended = once(child, "exit").then(([code, signal]) => ({ code, signal }))
    const forget = atExit(() => child.kill("SIGKILL"))
    void this.#ended.then(({ code, signal }) => {
      forget()
      const error = new Error(`the client ended (code ${code}, signal ${signal}): ${this.#stderr}`)
      for (const { reject } of this.#waiting.splice(0)) reject(error)
    })
  }

  connect = (socket: string): Promise<number> => this.#order("connect", socket)
  disconnect = (): Promise<number> => this.#order("disconnect")

  /** Maps an image; the answer is the region's handle here, counted from 1. */
  map = (image: string, options: CMapOptions = {}): Promise<number> =>
    this.#order("map", image, ...mapWords(options))

  /** Attaches an image to memory of the program's own. */
  attach = (image: string, lengthBytes: number, options: CMapOptions = {}): Promise<number> =>
    this.#order("attach", image, ...mapWords({ ...options, lengthBytes }))

  /** Where the range first differs from the pattern, from its start; -1 when nowhere. */
  verify = (
    region: number,
    seed: number,
    offset: number,
    length: number,
    imageOffset = 0,
  ): Promise<number> => this.#order("verify", region, seed, offset, length, imageOffset)

  writePattern = (region: number, seed: number, offset: number, length: number): Promise<number> =>
    this.#order("write", region, seed, offset, length)

  readByte = (region: number, offset: number): Promise<number> =>
    this.#order("read", region, offset)

  /** Reads a byte at every stride and answers their sum. */
  touch = (region: number, offset: number, length: number, stride = 4096): Promise<number> =>
    this.#order("touch", region, offset, length, stride)

  /** read(2) of a file into the region; the bytes read. */
  readFileInto = (region: number, offset: number, length: number, path: string): Promise<number> =>
    this.#order("read_file_into", region, offset, length, path)

  prefault = (region: number, offset: number, length: number): Promise<number> =>
    this.#order("prefault", region, offset, length)

  reset = (region: number): Promise<number> => this.#order("reset", region)
  unmap = (region: number): Promise<number> => this.#order("unmap", region)

  /** exec(2): the same process, another program. */
  become = (program: string, argument: string): Promise<number> =>
    this.#order("become", program, argument)

  /**
   * Lets it read a byte whose page cannot be had yet, and returns once the kernel itself counts a
   * thread that waits: nothing but the fault's resolution lets it go on.
   */
  async parkFault(region: number, offset: number): Promise<ParkedFault> {
    const byte = this.readByte(region, offset)
    await waitUntilParked(this.pid, byte)
    return { byte }
  }

  /** Lets it return from main, its regions mapped and its session open as they are. */
  async stop(): Promise<Ending> {
    this.#child.stdin?.end()
    return await this.ended()
  }

  /** SIGKILL, and returns when the kernel has buried it. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL")
    await this.ended()
  }

  /** How it ended; fails when it does not. */
  ended(): Promise<Ending> {
    return within(`the end of client ${this.pid}`, answerBudgetMs, this.#ended)
  }

  async #order(...words: readonly (string | number)[]): Promise<number> {
    const line = new Promise<string>((resolve, reject) => this.#waiting.push({ resolve, reject }))
    this.#child.stdin?.write(`${words.join(" ")}\n`)
    const answer = await within(`"${words.join(" ")}" in ${this.pid}`, answerBudgetMs, line)
    const [state, first = "", ...rest] = answer.split(" ")
    if (state === "ok") return Number(first)
    throw Object.assign(new Error(rest.join(" ")), { code: first })
  }

  #takeLines(text: string): void {
    const lines = (this.#stdout + text).split("\n")
    this.#stdout = lines.pop() ?? ""
    for (const line of lines) this.#waiting.shift()?.resolve(line)
  }
}

const mapWords = (options: CMapOptions): number[] => [
  modes[options.mode ?? "auto"],
  options.offsetBytes ?? 0,
  options.lengthBytes ?? 0,
  options.windowBytes ?? 0,
]
