import type { Mode } from "pagerd"

/**
 * What the demo and its worker processes say to each other, over Node's channel between parent and
 * child.
 */

/**
 * How a worker gets at the image: through pagerd, or one of the ways there are without it. "cold"
 * makes anew what the image would hold.
 */
export type Way = "pagerd" | "copy" | "pread" | "cold"

/** All that one worker has to do. */
export interface Job<Facts> {
  /** From 0; decides what it asks. */
  readonly worker: number
  readonly way: Way
  /** Asked of pagerd. */
  readonly mode: Mode
  /** The manager's socket. */
  readonly socket: string
  /** The image's name at the manager, and its file for the ways without. */
  readonly image: string
  readonly path: string
  readonly lengthBytes: number
  readonly facts: Facts
}

/**
 * A worker is told to prepare, waits for the others, asks its questions, and stays until it may
 * leave.
 */
export type ToWorker =
  | { readonly type: "prepare"; readonly job: Job<unknown> }
  | { readonly type: "go" }
  | { readonly type: "leave" }

export type FromWorker =
  | { readonly type: "ready" }
  | { readonly type: "done"; readonly result: WorkerResult }
  | { readonly type: "left" }
  | { readonly type: "failed"; readonly message: string }

/** Times are from "go", when everything is loaded that all ways need. */
export interface WorkerResult {
  /** Until the image could be asked. */
  readonly placedMs: number
  /** Until the first answer was there and found right. */
  readonly firstAnswerMs: number
  /** Until all were. */
  readonly allAnswersMs: number
  readonly questions: number
  readonly questionUsP50: number
  readonly questionUsP99: number
  /** Undefined without pagerd. */
  readonly region: RegionFigures | undefined
}

/** What pagerd made of an image. */
export interface RegionFigures {
  /** The mode that the manager took, and its reason. */
  readonly mode: string
  readonly why: string
  /** Hexadecimal, without prefix, as in /proc/PID/smaps. */
  readonly address: string
  readonly lengthBytes: number
}

/** Of a region or an attached memory, which have these in common. */
export function regionFigures(region: {
  readonly mode: string
  readonly why: string
  readonly address: bigint
  readonly byteLength: number
}): RegionFigures {
  const { mode, why, address, byteLength } = region
  return { mode, why, address: address.toString(16), lengthBytes: byteLength }
}
