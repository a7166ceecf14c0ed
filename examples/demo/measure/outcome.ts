import type { Daemon } from "../daemon/daemon.js"
import type { DebugSocket, Image } from "../daemon/debug_socket.js"
import { sum } from "../output/units.js"
import type { Way } from "../workers/messages.js"
import type { AnsweredWorker } from "../workers/wave.js"
import { type MemoryUse, memoryUse, type RangeUse, rangeUse } from "./memory.js"

/** What the manager says about one worker's session. Names as on the debug socket. */
export interface FaultFigures {
  readonly faults: number
  readonly resident_pages: number
  readonly fault_service_us_p50: number
  readonly fault_service_us_p99: number
}

export interface WorkerOutcome extends AnsweredWorker {
  readonly memory: MemoryUse
  /** Of the region, by the kernel's books. Undefined without pagerd. */
  readonly range: RangeUse | undefined
  /** Undefined without pagerd, and when the debug socket is not open to us. */
  readonly figures: FaultFigures | undefined
}

/** What the manager needs for one image. */
export interface ManagerMemory {
  /** Its PSS, without the other images that it holds. */
  readonly pss_bytes: number
  /** Of the image, once for all workers. Part of the PSS. */
  readonly image_resident_bytes: number
}

/** What one wave came to. */
export interface Outcome {
  readonly way: Way
  readonly workers: readonly WorkerOutcome[]
  /** Undefined without pagerd, and when it is not ours to look into. */
  readonly manager: ManagerMemory | undefined
}

/** Measures a wave while its workers have answered and are still there. */
export async function measureWave(
  way: Way,
  image: string,
  workers: readonly AnsweredWorker[],
  { debug, pid }: Daemon,
): Promise<Outcome> {
  const measured = workers.map((worker) => ({ ...worker, ...measureWorker(worker) }))
  if (way !== "pagerd") {
    const workers = measured.map((worker) => ({ ...worker, figures: undefined }))
    return { way, workers, manager: undefined }
  }
  const figures = debug === undefined ? undefined : await figuresOfSessions(debug)
  return {
    way,
    workers: measured.map((worker) => ({ ...worker, figures: figuresOf(worker, figures) })),
    manager: debug && (await managerMemory(image, pid, debug)),
  }
}

/** What a way costs: the PSS of the workers, and of the manager with its images. */
export function costBytes({ workers, manager }: Outcome): number {
  return sum(workers.map(({ memory }) => memory.pss_bytes)) + (manager?.pss_bytes ?? 0)
}

function measureWorker({ worker, pid, result: { region } }: AnsweredWorker) {
  const memory = memoryUse(pid)
  if (memory === undefined) throw new Error(`Worker ${worker + 1} (pid ${pid}) is gone too early`)
  return {
    memory,
    range: region && rangeUse(pid, region.address, region.lengthBytes),
  }
}

async function managerMemory(
  image: string,
  pid: number | undefined,
  debug: DebugSocket,
): Promise<ManagerMemory | undefined> {
  const memory = pid === undefined ? undefined : memoryUse(pid)
  if (memory === undefined) return undefined
  const images = await debug.images()
  const bytesOf = (some: readonly Image[]) => sum(some.map((one) => one.resident_bytes))
  const own = images.filter(({ name }) => name === image)
  const others = images.filter(({ name }) => name !== image)
  return {
    pss_bytes: memory.pss_bytes - bytesOf(others),
    image_resident_bytes: bytesOf(own),
  }
}

async function figuresOfSessions(debug: DebugSocket): Promise<Map<number, FaultFigures>> {
  const sessions = await debug.sessions()
  return new Map(
    sessions.map(({ pid, faults: { missing, minor }, ...session }) => {
      const { resident_pages, fault_service_us_p50, fault_service_us_p99 } = session
      const faults = missing + minor
      return [pid, { faults, resident_pages, fault_service_us_p50, fault_service_us_p99 }]
    }),
  )
}

function figuresOf(
  { worker, pid }: AnsweredWorker,
  figures: Map<number, FaultFigures> | undefined,
): FaultFigures | undefined {
  const own = figures?.get(pid)
  if (figures !== undefined && own === undefined) {
    throw new Error(`Worker ${worker + 1} (pid ${pid}) is not among the manager's sessions`)
  }
  return own
}
