import { spawn } from "node:child_process"
import { chmodSync, copyFileSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { compileProgram } from "./compiled.js"
import { type Ending, OwnedProcess } from "./owned_process.js"
import { type ParkedFault, waitUntilParked } from "./parked_fault.js"
import { clientLibrary, repository } from "./repository.js"
import { within } from "./retry.js"
import { scratchDirectory } from "./scratch.js"
import { asUid } from "./user.js"

export const modes = { auto: 0, copy: 1, share: 2, cow: 3 } as const

const accesses = { private: 0, shared: 1 } as const

const discards = { image: 0, zero: 1 } as const

export interface CMapOptions {
  readonly mode?: keyof typeof modes
  readonly offsetBytes?: number
  readonly lengthBytes?: number
  readonly windowBytes?: number
  readonly access?: keyof typeof accesses
  /** Room for a heap behind the image. */
  readonly reserveBytes?: number
  readonly onDiscard?: keyof typeof discards
}

/** Advice of madvise(2). */
export const advice = { dontNeed: 4, mergeable: 12, pageOut: 21 } as const

/** Bits of a record of /proc/pid/pagemap, in hexadecimal. */
export const pagemap = {
  swapped: "0x4000000000000000",
  present: "0x8000000000000000",
} as const

const answerBudgetMs = 45_000

/** The client program, compiled against pagerd.h and libpagerd.so and nothing else of ours. */
const cClientProgram = (): string =>
  compileProgram(join(repository, "test/harness/c_client.c"), {
    include: [repository],
    dependsOn: [
      join(repository, "native/client/pagerd.h"),
      join(repository, "test/harness/pattern.h"),
    ],
    libraries: ["-pthread", `-L${dirname(clientLibrary)}`, `-l:${basename(clientLibrary)}`],
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
  const client = new CClient(new OwnedProcess("client", child))
  if (socket !== undefined) await client.connect(socket)
  return client
}

/** Brings all of an image into a manager's memory, by a client of its own. */
export async function loadImage(socket: string, image: string): Promise<void> {
  const client = await startCClient(socket)
  await client.load(image)
  await client.stop()
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
  readonly #process: OwnedProcess
  /** Those who wait for a line, oldest first. */
  readonly #waiting: ((line: string) => void)[] = []
  #partialLine = ""

  constructor(process: OwnedProcess) {
    this.#process = process
    process.child.stdout?.on("data", (chunk: Buffer) => this.#takeLines(chunk.toString()))
    process.child.stdin?.on("error", () => {}) // It died; early() tells how.
  }

  get pid(): number {
    return this.#process.pid
  }

  connect = (socket: string): Promise<number> => this.#order("connect", socket)
  disconnect = (): Promise<number> => this.#order("disconnect")

  /** Maps an image; the answer is the region's handle here, counted from 1. */
  map = (image: string, options: CMapOptions = {}): Promise<number> =>
    this.#order("map", image, ...mapWords(options))

  /** Attaches an image to memory of the program's own. */
  attach = (image: string, lengthBytes: number, options: CMapOptions = {}): Promise<number> =>
    this.#order("attach", image, ...mapWords({ ...options, lengthBytes }))

  /** Brings all of an image into the manager's memory. */
  load = (image: string): Promise<number> => this.#order("load", image)

  /** By number, as `modes` has them. */
  mode(region: number): Promise<number> {
    return this.#order("mode", region)
  }

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

  /** The same; how many microseconds the slowest of the reads took. */
  slowestTouchUs = (region: number, offset: number, length: number): Promise<number> =>
    this.#order("slowest_touch", region, offset, length, 4096)

  /** read(2) of a file into the region; the bytes read. */
  readFileInto = (region: number, offset: number, length: number, path: string): Promise<number> =>
    this.#order("read_file_into", region, offset, length, path)

  prefault = (region: number, offset: number, length: number): Promise<number> =>
    this.#order("prefault", region, offset, length)

  reset = (region: number): Promise<number> => this.#order("reset", region)

  /** A new length of image and heap together. */
  grow = (region: number, length: number): Promise<number> => this.#order("grow", region, length)
  length = (region: number): Promise<number> => this.#order("length", region)

  /** madvise(2) on a range of a region. */
  advise(
    region: number,
    offset: number,
    length: number,
    way: keyof typeof advice,
  ): Promise<number> {
    return this.#order("advise", region, offset, length, advice[way])
  }

  /** Marks a missing page as one that nobody can have. */
  poison = (region: number, offset: number): Promise<number> =>
    this.#order("poison", region, offset)

  /** From now on only root can open the files of /proc/self. */
  hideProcFiles = (): Promise<number> => this.#order("hide_proc_files")

  /** How many pages of a range the kernel's page map has a bit for. */
  countPages(
    region: number,
    offset: number,
    length: number,
    bit: keyof typeof pagemap,
  ): Promise<number> {
    return this.#order("count_pages", region, offset, length, pagemap[bit])
  }

  unmap = (region: number): Promise<number> => this.#order("unmap", region)

  /** From now on that many of its threads take faults without end. */
  storm = (region: number, threads: number): Promise<number> =>
    this.#order("storm", region, threads)

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
  stop(): Promise<Ending> {
    this.#process.child.stdin?.end()
    return this.ended()
  }

  /** SIGKILL, and returns when the kernel has buried it. */
  kill(): Promise<void> {
    return this.#process.kill()
  }

  /** How it ended; fails when it does not. */
  ended(): Promise<Ending> {
    return this.#process.ended()
  }

  async #order(...words: readonly (string | number)[]): Promise<number> {
    const line = new Promise<string>((resolve) => this.#waiting.push(resolve))
    this.#process.child.stdin?.write(`${words.join(" ")}\n`)
    const answered = Promise.race([line, this.#process.early()])
    const answer = await within(`"${words.join(" ")}" in ${this.pid}`, answerBudgetMs, answered)
    const [state, first = "", ...rest] = answer.split(" ")
    if (state === "ok") return Number(first)
    throw Object.assign(new Error(rest.join(" ")), { code: first })
  }

  /** Each whole line answers the oldest order. */
  #takeLines(text: string): void {
    const lines = (this.#partialLine + text).split("\n")
    this.#partialLine = lines.pop() ?? ""
    for (const line of lines) this.#waiting.shift()?.(line)
  }
}

const mapWords = (options: CMapOptions): number[] => [
  modes[options.mode ?? "auto"],
  options.offsetBytes ?? 0,
  options.lengthBytes ?? 0,
  options.windowBytes ?? 0,
  accesses[options.access ?? "private"],
  options.reserveBytes ?? 0,
  discards[options.onDiscard ?? "image"],
]
