import { readdirSync } from "node:fs"
import { setTimeout as pause } from "node:timers/promises"
import type { Logger } from "../log.js"
import type { SocketModule } from "../sockets/native.js"

/** A process that does not answer in time, as one that is stuck in the kernel, is left out. */
const answerMs = 250
/** Each such process keeps a thread of Node's for as long as it is stuck. */
const stuckMax = 2

export interface FoundMemory {
  /** By identity; the caller's. */
  readonly descriptors: Map<string, number>
  /** Every process answered: what is not here nobody has that we can see. */
  readonly isWhole: boolean
}

type Native = Pick<SocketModule, "openImageMemory" | "closeDescriptor">

/**
 * Looks for the memory of images among what processes have open, and opens it: once a manager was
 * killed nobody holds it but its clients. Only what may be looked at is found.
 */
export async function findMemory(
  wanted: ReadonlySet<string>,
  native: Native,
  log: Logger,
): Promise<FoundMemory> {
  const found = new Map<string, number>()
  let stuck = 0
  for (const pid of wanted.size === 0 ? [] : processes()) {
    const missing = [...wanted].filter((memory) => !found.has(memory))
    if (missing.length === 0 || stuck >= stuckMax) break
    const answer = native.openImageMemory(pid, missing)
    const opened = await Promise.race([answer, pause(answerMs)])
    if (opened !== undefined) {
      for (const { memory, descriptor } of opened) found.set(memory, descriptor)
      continue
    }
    stuck += 1
    log.warn({ pid }, "a process does not let itself be looked at: what it maps is not found")
    void answer.then((late) => {
      for (const { descriptor } of late) native.closeDescriptor(descriptor)
    })
  }
  return { descriptors: found, isWhole: stuck === 0 }
}

const processes = (): number[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid)
