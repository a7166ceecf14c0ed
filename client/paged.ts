import type { Mode } from "../protocol/messages.js"
import type { RegionHandle } from "./region_handle.js"

/** What everything that is paged in offers, wherever its memory came from. */
export abstract class Paged {
  constructor(protected readonly handle: RegionHandle) {}

  /** The mode the manager took, never "auto", and its reason. */
  get mode(): Mode {
    return this.handle.mode
  }

  get why(): string {
    return this.handle.why
  }

  get address(): bigint {
    return this.handle.address
  }

  /** The image's part, in bytes; an attached memory may be longer. */
  get byteLength(): number {
    return this.handle.byteLength
  }

  /** Puts every page back to the image's bytes. Does not wait for the manager. */
  reset(): void {
    this.handle.reset()
  }

  /** Resolves once the pages of the range, in bytes, are there. Default: the image's part. */
  async prefault(offset?: number, length?: number): Promise<void> {
    await this.handle.prefault(offset, length)
  }

  abstract close(): Promise<void>

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
