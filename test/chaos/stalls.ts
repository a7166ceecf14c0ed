import { setTimeout as delay } from "node:timers/promises"
import type { Books, Slot } from "./books.js"

const lookMs = 2

/** How long the threads of a manager's clients stood still. */
export interface Stall {
  readonly ms: number
  /** Threads that had not gone on when patience ended. */
  readonly stuck: readonly Slot[]
}

/**
 * Waits until every thread of these slots has ended a step that began after `sinceNs`, and that
 * could not end without the manager where the thread is one that needs it. Threads that end, or
 * are killed, meanwhile do not count.
 */
export async function awaitProgress(
  books: Books,
  slots: ReadonlySet<number>,
  sinceNs: bigint,
  patienceMs: number,
): Promise<Stall> {
  for (;;) {
    const ms = Number(process.hrtime.bigint() - sinceNs) / 1e6
    const stuck = books.slots().filter((slot) => slots.has(slot.number) && waits(slot, sinceNs))
    if (stuck.length === 0 || ms > patienceMs) return { ms, stuck }
    await delay(lookMs)
  }
}

function waits(slot: Slot, sinceNs: bigint): boolean {
  if (slot.pid === 0) return false
  return (slot.needsManager ? slot.servedStartedNs : slot.finishedNs) <= sinceNs
}
