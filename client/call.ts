import { PagerdError } from "./error.js"
import type { Failure, Fallible } from "./library.js"

/**
 * Calls that may be on libuv's pool at once. The pool has four threads and the program's own fs
 * needs some: a prefault can take as long as the image's bytes take to come.
 */
const callsInFlightMax = 2

/** Those who wait for a place, in order. As many as calls that the program itself awaits. */
const waiting: (() => void)[] = []
let inFlight = 0

/** Makes a call that may wait for the manager. Gives its result, or throws its failure. */
export async function call<Arguments extends readonly unknown[], Result extends bigint | number>(
  fallible: Fallible<Arguments, Result | null>,
  ...callArguments: Arguments
): Promise<Result> {
  return await withPlace(
    () =>
      new Promise<Result>((resolve, reject) => {
        const failure = emptyFailure()
        fallible.async(...callArguments, failure, (error, result) => {
          if (error !== null) reject(error)
          else if (hasFailed(result)) reject(failed(failure))
          else resolve(result as Result)
        })
      }),
  )
}

/** The same for a call that is known not to wait. */
export function callNow<Arguments extends readonly unknown[]>(
  fallible: Fallible<Arguments, number>,
  ...callArguments: Arguments
): void {
  const failure = emptyFailure()
  if (hasFailed(fallible(...callArguments, failure))) throw failed(failure)
}

export async function withPlace<Result>(run: () => Promise<Result>): Promise<Result> {
  if (inFlight === callsInFlightMax) await new Promise<void>((resolve) => waiting.push(resolve))
  else inFlight += 1
  try {
    return await run()
  } finally {
    const next = waiting.shift()
    // The place goes straight to the next in line.
    if (next !== undefined) next()
    else inFlight -= 1
  }
}

const emptyFailure = (): Failure => ({ code: "", text: "" })
const hasFailed = (result: unknown): boolean => result === null || result === -1
const failed = ({ code, text }: Failure): PagerdError => new PagerdError(code, text)
