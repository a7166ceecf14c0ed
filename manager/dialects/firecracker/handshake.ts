import { z } from "zod"
import { pageBytes } from "../../../protocol/limits.js"
import { hugePageBytes } from "../../engine/huge_pages.js"
import { ClientError } from "../../errors.js"

/** More than a VM has: its memory is a few ranges around a hole, and slots for hotplug. */
const regionsMax = 1_024

const bytes = z.number().int().min(0)

/**
 * One range of a guest's memory. Before 1.7 without a page size; then, until 1.12, with one that is
 * called page_size_kib, and is in bytes all the same.
 */
const region = z.object({
  base_host_virt_addr: bytes,
  size: bytes.min(1),
  offset: bytes,
  page_size: bytes.optional(),
  page_size_kib: bytes.optional(),
})

const regions = z.array(region).min(1).max(regionsMax)

/** nydusd's uffd service speaks so. */
const nydusAttach = z.object({
  type: z.literal(0),
  regions,
  policy: z.number().int().default(1),
})
const nydusStat = z.object({ type: z.literal(2) })

export interface GuestRange {
  readonly address: bigint
  readonly lengthBytes: bigint
  readonly offsetBytes: bigint
  readonly pageBytes: number
}

/** What a VMM wants, by the one message that it sends. */
export type Handshake =
  | { readonly kind: "stat" }
  | {
      readonly kind: "attach"
      readonly ranges: readonly GuestRange[]
      /** The VMM keeps its socket for as long as the VM lives. */
      readonly keepsSocket: boolean
    }

const policyCopy = 1
const pageSizes = [pageBytes, hugePageBytes]

/** Throws a ClientError that says what was found and what is wanted. */
export function parseHandshake(text: string): Handshake {
  const value = jsonOf(text)
  if (Array.isArray(value)) return attachOf(check(regions, value))
  if (nydusStat.safeParse(value).success) return { kind: "stat" }
  const wish = check(nydusAttach, value)
  if (wish.policy === policyCopy) return attachOf(wish.regions)
  const found = `The message asks for policy ${wish.policy}`
  throw new ClientError("unsupported_mode", `${found}, wanted ${policyCopy}: pages are copied`)
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const found = `The message is no JSON (${(error as Error).message})`
    throw new ClientError("malformed_frame", `${found}, wanted an array of memory regions`)
  }
}

function check<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const issues = parsed.error.issues.slice(0, 3).map(({ path, message }) => {
    return path.length === 0 ? message : `${path.join(".")}: ${message}`
  })
  const wanted = 'wanted [{"base_host_virt_addr", "size", "offset", "page_size"?}, ...]'
  throw new ClientError(
    "malformed_frame",
    `The layout is not right (${issues.join("; ")}), ${wanted}`,
  )
}

function attachOf(list: z.output<typeof regions>): Handshake {
  const ranges = list.map(({ base_host_virt_addr, size, offset, page_size, page_size_kib }) => ({
    address: BigInt(base_host_virt_addr),
    lengthBytes: BigInt(size),
    offsetBytes: BigInt(offset),
    pageBytes: page_size ?? page_size_kib ?? pageBytes,
  }))
  for (const { address, pageBytes: found } of ranges) {
    if (pageSizes.includes(found)) continue
    const memory = `The memory at 0x${address.toString(16)} has pages of ${found} bytes`
    throw new ClientError("unsupported_mode", `${memory}, wanted ${pageSizes.join(" or ")}`)
  }
  // What else 1.12 has changed cannot be seen from here.
  const keepsSocket = list.some(({ page_size }) => page_size !== undefined)
  return { kind: "attach", ranges, keepsSocket }
}
