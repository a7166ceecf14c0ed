import { PagerdError } from "../error.js"

export interface WaitOptions {
  /** Ends the wait: take() then rejects with its reason. */
  readonly signal?: AbortSignal
  /** The same by the clock; the code is then "timed_out". */
  readonly timeoutMs?: number
}

interface Waiter<Place> {
  readonly take: (place: Place) => void
  readonly giveUp: (reason: unknown) => void
}

/** Those who wait for a place, served in the order they came. */
export class WaitingLine<Place> {
  readonly #waiters = new Set<Waiter<Place>>()

  constructor(private readonly waitersMax: number) {}

  async join({ signal, timeoutMs }: WaitOptions): Promise<Place> {
    if (this.#waiters.size >= this.waitersMax) {
      const text = `All slots are out and ${this.waitersMax} wait already, the most there may be`
      throw new PagerdError("busy", text)
    }
    let waiter: Waiter<Place> | undefined
    let timer: NodeJS.Timeout | undefined
    const onAbort = (): void => waiter?.giveUp(signal?.reason)
    try {
      return await new Promise<Place>((take, giveUp) => {
        waiter = { take, giveUp }
        this.#waiters.add(waiter)
        signal?.addEventListener("abort", onAbort)
        if (timeoutMs === undefined) return
        const text = `No slot was free within ${timeoutMs} ms`
        timer = setTimeout(() => giveUp(new PagerdError("timed_out", text)), timeoutMs)
      })
    } finally {
      if (waiter !== undefined) this.#waiters.delete(waiter)
      signal?.removeEventListener("abort", onAbort)
      clearTimeout(timer)
    }
  }

  /** Gives a place to the first in line; false when nobody waits. */
  serve(place: Place): boolean {
    const [first] = this.#waiters
    if (first === undefined) return false
    this.#waiters.delete(first)
    first.take(place)
    return true
  }

  sendAway(reason: unknown): void {
    for (const waiter of this.#waiters) waiter.giveUp(reason)
    this.#waiters.clear()
  }
}
