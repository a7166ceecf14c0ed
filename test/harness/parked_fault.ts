import { faultWaiters } from "./observed_process.js"
import { retryUntil } from "./retry.js"

/** A client's thread that the kernel has put to sleep in a fault. */
export interface ParkedFault {
  /** The byte that was read, once the fault was resolved. */
  readonly byte: Promise<number>
}

const parkBudgetMs = 30_000

/**
 * Returns once the kernel itself counts a thread of the process that waits in a fault: from then on
 * nothing but the fault's resolution lets it go on. `read` is what the client was asked to do.
 */
export async function waitUntilParked(pid: number, read: Promise<number>): Promise<void> {
  const early = read.then((byte) => {
    throw new Error(`client ${pid} read ${byte} without a wait: the page was there already`)
  })
  const parked = retryUntil(`a fault of client ${pid}`, parkBudgetMs, () => {
    return faultWaiters(pid).total > 0
  })
  // The one that loses ends later; then it is nobody's failure.
  early.catch(() => {})
  parked.catch(() => {})
  await Promise.race([parked, early])
}
