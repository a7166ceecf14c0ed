import { closeSync, read } from "node:fs"
import { setTimeout as pause } from "node:timers/promises"
import { promisify } from "node:util"
import type { PageSource } from "./page_source.js"

/** A descriptor of memory that holds all of the image's bytes, which the caller closes. */
export type OpenBytes = () => Promise<number>

const lookMs = 20
const readAt = promisify(read)

/**
 * Stands in for the source of an image that an earlier manager served and this one does not have
 * yet: whoever published it may come back, a program may add it a moment later. Reads wait for that
 * until the deadline, and fail after it. JS thread.
 */
export class AwaitedSource implements PageSource {
  constructor(
    readonly length: number,
    private readonly deadlineMs: number,
    /** Undefined while there is nobody to read from. */
    private readonly look: () => OpenBytes | undefined,
  ) {}

  async read(offset: number, length: number, signal: AbortSignal): Promise<Uint8Array> {
    for (;;) {
      const open = this.look()
      if (open !== undefined) return readExactly(await open(), offset, length)
      if (performance.now() > this.deadlineMs) {
        throw new Error("the image of an earlier manager has not come back within resume_wait_ms")
      }
      await pause(lookMs, undefined, { signal })
    }
  }
}

async function readExactly(file: number, offset: number, length: number): Promise<Uint8Array> {
  try {
    const bytes = new Uint8Array(length)
    for (let at = 0; at < length; ) {
      const { bytesRead } = await readAt(file, bytes, at, length - at, offset + at)
      if (bytesRead === 0) throw new Error(`it ends at byte ${offset + at}`)
      at += bytesRead
    }
    return bytes
  } finally {
    closeSync(file)
  }
}
