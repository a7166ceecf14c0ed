import { readFileSync } from "node:fs"
import { join } from "node:path"
import type { ImageView, StatsView } from "../../manager/view.js"
import { type Manager, startManager } from "../harness/manager.js"
import { scratchDirectory } from "../harness/scratch.js"
import { hugePageBytes } from "../vmm/vmm_program.js"
import { BusyManager } from "./busy_manager.js"
import { BrokenWork, pageBytes } from "./figures.js"
import { type Background, Programs } from "./programs.js"
import { VmBed } from "./vms/vm_bed.js"

/** How much is measured. */
export interface Sizes {
  readonly rounds: number
  /** Memory of a row about single faults, and of one about bandwidth. */
  readonly faultBytes: number
  readonly bulkBytes: number
  readonly connectCycles: number
  readonly resetCycles: number
  readonly crowdSessions: number
  readonly crowdRegionsPerSession: number
  readonly wakeRounds: number
  /** Processes at once, in rows about their memory. */
  readonly workersMax: number
  /** Memories of wasm instances, and how long tenants are served from a pool. */
  readonly instanceMebibytes: readonly number[]
  readonly poolMs: number
  /** Memories of VMs, their pages, and how many are restored at once. */
  readonly vmImageBytes: readonly number[]
  readonly vmPageBytes: readonly number[]
  readonly vmCounts: readonly number[]
  /** The memory of one whose source is slow. */
  readonly vmSlowBytes: number
  /** VMs that touch their memory at the same time, and how often each where each touch is timed. */
  readonly vmCrowd: number
  readonly vmTouchesMax: number
  readonly vmCrowdTouches: number
}

const mebibyte = 1024 * 1024

export const fullSizes: Sizes = {
  rounds: 5,
  faultBytes: 64 * mebibyte,
  bulkBytes: 256 * mebibyte,
  connectCycles: 200,
  resetCycles: 50,
  crowdSessions: 1000,
  crowdRegionsPerSession: 10,
  wakeRounds: 20_000,
  workersMax: 64,
  instanceMebibytes: [1, 16, 64, 256],
  poolMs: 1_000,
  vmImageBytes: [256 * mebibyte, 2048 * mebibyte],
  vmPageBytes: [pageBytes, hugePageBytes],
  vmCounts: [1, 8, 32],
  vmSlowBytes: 32 * mebibyte,
  vmCrowd: 32,
  vmTouchesMax: 4096,
  vmCrowdTouches: 1024,
}

/** Enough to see that every row runs; its figures mean nothing. */
export const smokeSizes: Sizes = {
  rounds: 1,
  faultBytes: 2 * mebibyte,
  bulkBytes: 8 * mebibyte,
  connectCycles: 5,
  resetCycles: 3,
  crowdSessions: 20,
  crowdRegionsPerSession: 5,
  wakeRounds: 500,
  workersMax: 4,
  instanceMebibytes: [1, 4],
  poolMs: 20,
  vmImageBytes: [8 * mebibyte],
  vmPageBytes: [pageBytes],
  vmCounts: [2],
  vmSlowBytes: mebibyte,
  vmCrowd: 3,
  vmTouchesMax: 64,
  vmCrowdTouches: 64,
}

/**
 * Everything the rows measure on: compiled programs, images, and managers, each started when a row
 * first wants it. Owned by the runner, which closes it.
 */
export class TestBed {
  readonly programs = new Programs()
  readonly vms = new VmBed(this.programs)
  /** The CPU that pinned faulters run on, and another one; the same where there is only one. */
  readonly cpu: number
  readonly otherCpu: number
  readonly #images = new Map<string, Promise<string>>()
  readonly #directory = scratchDirectory()
  #plain: Promise<Manager> | undefined
  #oneThread: Promise<{ manager: Manager; cpu: number }> | undefined
  #crowded: Promise<{ manager: Manager; crowd: Background }> | undefined
  #busy: Promise<BusyManager> | undefined

  constructor(readonly sizes: Sizes) {
    const [first = 0, second = first] = allowedCpus()
    this.cpu = first
    this.otherCpu = second
  }

  /** A `pagerd serve` as anybody would start it. */
  plain(): Promise<Manager> {
    this.#plain ??= this.#start([])
    return this.#plain
  }

  /** One with a single fault thread, and its CPU: the only way to be served from afar. */
  oneThread(): Promise<{ manager: Manager; cpu: number }> {
    this.#oneThread ??= this.#start(["--threads", "1"]).then(async (manager) => {
      const { threads } = await manager.debug.get<StatsView>("/v1/stats")
      return { manager, cpu: threads[0]?.cpu ?? this.cpu }
    })
    return this.#oneThread
  }

  /** One that has many idle sessions. */
  crowded(): Promise<{ manager: Manager; crowd: Background }> {
    this.#crowded ??= this.#start([]).then(async (manager) => {
      const { crowdSessions: sessions, crowdRegionsPerSession: regions } = this.sizes
      const crowd = await this.programs.background("hold", {
        socket: manager.socket,
        image: "pattern",
        bytes: mebibyte,
        sessions,
        regions,
      })
      return { manager, crowd }
    })
    return this.#crowded
  }

  /** One whose JS thread can be kept busy. */
  busy(): Promise<BusyManager> {
    this.#busy ??= this.#image("pattern").then(async (path) => {
      const manager = await BusyManager.start(path, this.otherCpu)
      await this.#warm(manager.socket, "pattern")
      return manager
    })
    return this.#busy
  }

  async close(): Promise<void> {
    await (await this.#crowded)?.crowd.stop()
    await (await this.#crowded)?.manager.stop()
    await (await this.#oneThread)?.manager.stop()
    await (await this.#plain)?.stop()
    await (await this.#busy)?.stop()
    await this.vms.close()
  }

  async #start(args: readonly string[]): Promise<Manager> {
    const images = { pattern: await this.#image("pattern"), zero: await this.#image("zero") }
    const manager = await startManager({ images, args })
    await this.#warm(manager.socket, "pattern")
    await this.#warm(manager.socket, "zero")
    for (const image of await manager.debug.get<ImageView[]>("/v1/images")) {
      const missingBytes = image.length_bytes - image.resident_bytes - image.zero_bytes
      if (missingBytes > 0) {
        throw new BrokenWork(`${missingBytes} bytes of "${image.name}" are not resident`)
      }
    }
    return manager
  }

  /** No row is about reading files: images are resident before anything is measured. */
  async #warm(socket: string, image: "pattern" | "zero"): Promise<void> {
    await this.programs.client("prefault", { socket, image, content: image })
  }

  #image(content: "pattern" | "zero"): Promise<string> {
    const path = join(this.#directory, content)
    const made =
      this.#images.get(content) ??
      this.programs.makeImage(path, this.sizes.bulkBytes, content).then(() => path)
    this.#images.set(content, made)
    return made
  }
}

/** The CPUs this process may run on: "0-3,6" in /proc/self/status. */
function allowedCpus(): number[] {
  const status = readFileSync("/proc/self/status", "utf8")
  const list = /^Cpus_allowed_list:\s*(.*)$/m.exec(status)?.[1] ?? "0"
  return list.split(",").flatMap((part) => {
    const [first = 0, last = first] = part.split("-").map(Number)
    return Array.from({ length: last - first + 1 }, (_, i) => first + i)
  })
}
