import type { Access, TakenMode } from "../../protocol/messages.js"
import { ClientError } from "../errors.js"
import { hex, type Region } from "./region_book.js"

/** A region that a client says it has. */
export interface Claim {
  readonly region: number
  readonly address: bigint
  readonly lengthBytes: bigint
  readonly offsetBytes: bigint
  readonly mode: TakenMode | "auto"
  readonly access: Access
}

/**
 * The regions that an adopted session served and its client, which has come by itself after all,
 * has not spoken of yet. It tells all that it has before it asks for anything new. JS thread; owned
 * by the session that goes on.
 */
export class Claims {
  private readonly open = new Map<number, Region>()
  private clearing: Promise<unknown> | undefined

  constructor(private readonly unmap: (region: Region) => Promise<void>) {}

  expect(region: Region): void {
    this.open.set(region.region, region)
  }

  /** Undefined when it is not served. Throws a ClientError when it is, and is another. */
  take(claim: Claim): Region | undefined {
    const served = this.open.get(claim.region)
    if (served === undefined) return undefined
    for (const field of ["address", "lengthBytes", "offsetBytes", "mode", "access"] as const) {
      if (served[field] === claim[field]) continue
      const found = `its ${field} is ${textOf(claim[field])}, wanted ${textOf(served[field])}`
      const message = `Cannot go on with region ${claim.region}: ${found}`
      throw new ClientError("region_overlap", message)
    }
    this.open.delete(claim.region)
    return served
  }

  /** What was not spoken of is gone. Undefined when there is nothing to wait for. */
  close(): Promise<unknown> | undefined {
    const left = [...this.open.values()]
    this.open.clear()
    if (left.length > 0) {
      this.clearing = Promise.allSettled(left.map((region) => this.unmap(region))).then(() => {
        this.clearing = undefined
      })
    }
    return this.clearing
  }
}

const textOf = (value: bigint | string) => (typeof value === "bigint" ? hex(value) : value)
