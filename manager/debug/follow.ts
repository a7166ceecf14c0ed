import type { ServerResponse } from "node:http"
import type { Logger } from "../log.js"
import type { FaultView, Inspectable } from "../view.js"
import { followBufferBytesMax, followFaultsMax, followIntervalMs } from "./limits.js"

export interface FollowOptions {
  readonly inspect: Inspectable
  /** Sequence of the last fault that is not to be shown. */
  readonly after: number
  /** Faults to show at once. */
  readonly first: readonly FaultView[]
  readonly accepts: (fault: FaultView) => boolean
  readonly log: Logger
}

/**
 * Streams faults as they come, one JSON line each, until the reader goes or the returned function
 * is called. What a reader is too slow for, or the ring overwrote before it was read, is told as a
 * line {"dropped": N}; overwritten faults of sessions that were not asked for count too, since
 * nobody knows whose they were.
 */
export function followFaults(response: ServerResponse, options: FollowOptions): () => void {
  // A stream may be quiet for hours.
  response.socket?.setTimeout(0)
  let after = options.after
  let dropped = 0

  const write = (faults: readonly FaultView[]) => {
    if (response.writableLength > followBufferBytesMax) {
      dropped += faults.length
      return
    }
    const lines: unknown[] = dropped > 0 ? [{ dropped }, ...faults] : [...faults]
    dropped = 0
    if (lines.length > 0) response.write(lines.map((line) => `${JSON.stringify(line)}\n`).join(""))
  }

  const poll = () => {
    const faults = options.inspect.faults(after, followFaultsMax)
    const last = faults.at(-1)?.sequence ?? after
    // Sequences have no holes, so what is missing between two polls was overwritten.
    dropped += last - after - faults.length
    after = last
    write(faults.filter(options.accepts))
  }

  write(options.first)
  const timer = setInterval(() => {
    try {
      poll()
    } catch (error) {
      options.log.error({ err: error }, "following faults failed")
      response.destroy()
    }
  }, followIntervalMs)
  response.once("close", () => clearInterval(timer))
  return () => {
    clearInterval(timer)
    response.end()
  }
}
