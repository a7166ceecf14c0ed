import { setTimeout as delay } from "node:timers/promises"

const pauseMs = 5

/**
 * Looks until `observe` returns something other than undefined, null or false, and returns that.
 * For observing what happens by itself, within a budget; never to give the thing that is claimed
 * time to happen by luck.
 */
export async function retryUntil<T>(
  what: string,
  budgetMs: number,
  observe: () => T | Promise<T>,
): Promise<Exclude<T, undefined | null | false>> {
  const deadlineMs = performance.now() + budgetMs
  for (;;) {
    const seen = await observe()
    if (seen !== undefined && seen !== null && seen !== false) {
      return seen as Exclude<T, undefined | null | false>
    }
    if (performance.now() > deadlineMs) throw new Error(`${what}: not seen within ${budgetMs} ms`)
    await delay(pauseMs)
  }
}

/** The promise's value, or an error that names what did not come in time. */
export async function within<T>(what: string, budgetMs: number, promise: Promise<T>): Promise<T> {
  const stop = new AbortController()
  const late = delay(budgetMs, undefined, { signal: stop.signal }).then(() => {
    throw new Error(`${what}: took longer than ${budgetMs} ms`)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    stop.abort()
    late.catch(() => {}) // The abort is how it ends when it lost.
  }
}
