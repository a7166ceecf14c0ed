import type { Daemon } from "../daemon/daemon.js"
import { sum } from "../output/units.js"
import type { Way, WorkerResult } from "../workers/messages.js"
import type { AnsweredWorker } from "../workers/wave.js"

/**
 * What the manager says about one worker's session, when we may ask. Names as on the debug socket.
 */
export interface FaultFigures {
  readonly faults: number
  readonly resident_pages: number
  readonly fault_service_us_p50: number
  readonly fault_service_us_p99: number
}

export interface WorkerOutcome extends AnsweredWorker {
  /** Undefined without pagerd, and when the debug socket is not open to us. */
  readonly figures: FaultFigures | undefined
}

/** What one wave came to. */
export interface Outcome {
  readonly way: Way
  readonly workers: readonly WorkerOutcome[]
  /** Of the image, at the manager, once for all workers. Undefined as for the figures. */
  readonly imageResidentBytes: number | undefined
}

/** Asks the manager about workers that are still there. */
export async function inspectWorkers(
  way: Way,
  image: string,
  workers: readonly AnsweredWorker[],
  { debug }: Daemon,
): Promise<Outcome> {
  if (way !== "pagerd" || debug === undefined) {
    return {
      way,
      workers: workers.map((worker) => ({ ...worker, figures: undefined })),
      imageResidentBytes: undefined,
    }
  }
  const sessions = new Map((await debug.sessions()).map((session) => [session.pid, session]))
  const images = await debug.images()
  return {
    way,
    workers: workers.map((worker) => {
      const session = sessions.get(worker.pid)
      if (session === undefined) {
        throw new Error(`Worker ${worker.worker + 1} (pid ${worker.pid}) is not among the sessions`)
      }
      const { resident_pages, fault_service_us_p50, fault_service_us_p99 } = session
      const faults = session.faults.missing + session.faults.minor
      const figures = { faults, resident_pages, fault_service_us_p50, fault_service_us_p99 }
      return { ...worker, figures }
    }),
    imageResidentBytes: images.find(({ name }) => name === image)?.resident_bytes,
  }
}

/** What a worker's memory grew by when the image came and was used. */
export function grownBytes({ memoryBefore, memoryAfter }: AnsweredWorker): number {
  return (memoryAfter?.pss_bytes ?? 0) - (memoryBefore?.pss_bytes ?? 0)
}

/**
 * What the workers together cost for having the image: what each grew by, and the image itself
 * once.
 */
export function costBytes({ workers, imageResidentBytes = 0 }: Outcome): number {
  return sum(workers.map(grownBytes)) + imageResidentBytes
}

export function resultsOf(outcome: Outcome): WorkerResult[] {
  return outcome.workers.map(({ result }) => result)
}
