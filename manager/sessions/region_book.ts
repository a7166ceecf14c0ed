import { pageBytes, regionBytesMax } from "../../protocol/limits.js"
import type { Access, OnDiscard, TakenMode } from "../../protocol/messages.js"
import type { Limits } from "../config.js"
import type { Mapping, RegionRequest } from "../engine/region_request.js"
import { ClientError } from "../errors.js"
import type { Image } from "../images/registry.js"
import type { UserAccount } from "./users.js"

const addressEnd = 1n << 64n
const page = BigInt(pageBytes)
/** What the protocol and the engine have room for. */
const regionNumberMax = 0xffff_ffff

/** What a client asks for, in the words of no dialect. */
export interface RegionWish {
  readonly image: Image
  readonly address: bigint
  readonly lengthBytes: bigint
  readonly offsetBytes: bigint
  /** 0: the manager's default. */
  readonly windowBytes: number
  readonly mode: TakenMode
  readonly access: Access
  /** Why this mode, in words. */
  readonly why: string
  /** The number that it had with an earlier manager. */
  readonly region?: number | undefined
  /** Of the client's memory; undefined: 4,096. */
  readonly pageBytes?: number | undefined
  /** Where the image has no more, it is zeros. */
  readonly isTailZero?: boolean | undefined
  /** Undefined: as it always was for such a client. */
  readonly onDiscard?: OnDiscard | undefined
}

/** One region of a session, from the moment it is asked for until it has been unmapped. */
export interface Region extends RegionWish {
  readonly region: number
  /** Where it is, or was a moment ago. */
  address: bigint
  /** How often the client has dropped its pages, to see the image again. */
  resets: number
  /** What pages read as that the client has discarded. */
  onDiscard: OnDiscard
}

type RegionLimits = Pick<
  Limits,
  "regionsPerSessionMax" | "regionsPerUidMax" | "bytesPerSessionMax" | "bytesPerUidMax"
>

/**
 * The regions of one session in the order of their addresses. Refuses, with a ClientError that
 * says what was found and what is wanted, whatever cannot be served; the engine checks again what
 * only it can know.
 */
export class RegionBook {
  private readonly byAddress: Region[] = []
  private readonly byNumber = new Map<number, Region>()
  private readonly byMode = { copy: 0, share: 0, cow: 0 }
  private lastRegion = 0
  private canMove = false
  private totalBytes = 0n

  constructor(
    private readonly limits: RegionLimits,
    /** Counts the regions of all sessions of the same user. */
    private readonly user: UserAccount,
  ) {}

  get size(): number {
    return this.byNumber.size
  }

  get lengthBytes(): bigint {
    return this.totalBytes
  }

  ofMode(mode: TakenMode): number {
    return this.byMode[mode]
  }

  list(): readonly Region[] {
    return this.byAddress
  }

  find(region: number): Region {
    const found = this.byNumber.get(region)
    if (found !== undefined) return found
    throw new ClientError("unknown_region", `This session has no region ${region}`)
  }

  get(region: number): Region | undefined {
    return this.byNumber.get(region)
  }

  /**
   * The client can unmap and move regions without a word to us: where they are is known a little
   * late here. The engine knows at once, and refuses what overlaps.
   */
  allowMoves(): void {
    this.canMove = true
  }

  move(region: Region, address: bigint): void {
    this.byAddress.splice(this.indexOf(region), 1)
    region.address = address
    this.byAddress.splice(this.placeOf(address), 0, region)
  }

  /** The region that the address lies in. */
  at(address: bigint): Region | undefined {
    const found = this.byAddress[this.placeOf(address + 1n) - 1]
    const isWithin = found !== undefined && address < found.address + found.lengthBytes
    return isWithin ? found : undefined
  }

  /** Enters a region before the engine has it, so that a request behind it meets it. */
  enter(wish: RegionWish, onDiscard: OnDiscard): Region {
    checkRange(wish)
    this.checkRoom(wish)
    if (!this.canMove) this.checkOverlap(wish)
    return this.put({ ...wish, region: this.numberFor(wish), resets: 0, onDiscard })
  }

  checkNumbersFree(regions: readonly Region[]): void {
    for (const { region } of regions) {
      if (!this.byNumber.has(region)) continue
      const message = `Cannot go on with region ${region}: this session has another of that number`
      throw new ClientError("region_overlap", message)
    }
  }

  /** A region of another session's that is served already: of a forked child's parent, say. */
  copy(region: Region): Region {
    return this.put({ ...region })
  }

  private checkOverlap(wish: RegionWish): void {
    const at = this.placeOf(wish.address)
    for (const neighbour of [this.byAddress[at - 1], this.byAddress[at]]) {
      if (neighbour !== undefined && overlap(neighbour, wish)) throw overlapError(wish, neighbour)
    }
  }

  private put(region: Region): Region {
    this.byAddress.splice(this.placeOf(region.address), 0, region)
    this.byNumber.set(region.region, region)
    this.lastRegion = Math.max(this.lastRegion, region.region)
    this.totalBytes += region.lengthBytes
    this.user.regions += 1
    this.user.lengthBytes += region.lengthBytes
    this.byMode[region.mode] += 1
    return region
  }

  /** False when it is not there any more. */
  remove(removed: Region): boolean {
    const { region, lengthBytes, mode } = removed
    if (!this.byNumber.delete(region)) return false
    this.byAddress.splice(this.indexOf(removed), 1)
    this.totalBytes -= lengthBytes
    this.user.regions -= 1
    this.user.lengthBytes -= lengthBytes
    this.byMode[mode] -= 1
    return true
  }

  /** Of regions at one address, where the client has moved them, this one. */
  private indexOf(region: Region): number {
    return this.byAddress.indexOf(region, this.placeOf(region.address))
  }

  /** Numbers are never given twice. */
  private numberFor({ region, address }: RegionWish): number {
    if (region !== undefined && this.byNumber.has(region)) {
      const message = `Cannot map region at ${hex(address)}: this session has a region ${region}`
      throw new ClientError("region_overlap", message)
    }
    const number = region ?? this.lastRegion + 1
    if (number > regionNumberMax) {
      const message = `Cannot map region at ${hex(address)}: no number is left in this session`
      throw new ClientError("too_many_regions", message)
    }
    return number
  }

  private checkRoom(wish: RegionWish): void {
    const { regionsPerSessionMax, regionsPerUidMax } = this.limits
    const { bytesPerSessionMax, bytesPerUidMax } = this.limits
    checkCount(wish, "this session", this.byNumber.size, regionsPerSessionMax)
    checkCount(wish, "this user", this.user.regions, regionsPerUidMax)
    checkBytes(wish, "this session", this.totalBytes, bytesPerSessionMax)
    checkBytes(wish, "this user", this.user.lengthBytes, bytesPerUidMax)
  }

  /** The index of the first region at or above the address. */
  private placeOf(address: bigint): number {
    let low = 0
    let high = this.byAddress.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const isBelow = (this.byAddress[middle] as Region).address < address
      if (isBelow) low = middle + 1
      else high = middle
    }
    return low
  }
}

function checkCount({ address }: RegionWish, who: string, regions: number, most: number): void {
  if (regions < most) return
  const found = `${who} has ${regions} regions, the most there may be`
  throw new ClientError("too_many_regions", `Cannot map region at ${hex(address)}: ${found}`)
}

function checkBytes(wish: RegionWish, who: string, lengthBytes: bigint, most: number): void {
  const total = lengthBytes + wish.lengthBytes
  if (total <= BigInt(most)) return
  const found = `with it ${who} would have ${total} bytes, wanted at most ${most}`
  throw new ClientError("region_too_long", `Cannot map region at ${hex(wish.address)}: ${found}`)
}

function checkRange(wish: RegionWish): void {
  const { image, address, lengthBytes, offsetBytes, isTailZero = false } = wish
  const memoryPage = BigInt(wish.pageBytes ?? pageBytes)
  const refuse = (code: "region_misaligned" | "region_too_long", found: string) =>
    new ClientError(code, `Cannot map region at ${hex(address)}: ${found}`)
  const parts = [
    ["address", address, memoryPage],
    ["length_bytes", lengthBytes, memoryPage],
    ["offset_bytes", offsetBytes, page],
  ] as const
  for (const [name, value, unit] of parts) {
    if (value % unit === 0n) continue
    throw refuse("region_misaligned", `${name} is ${hex(value)}, wanted a multiple of ${unit}`)
  }
  if (lengthBytes === 0n) {
    throw refuse("region_misaligned", `length_bytes is 0, wanted at least ${memoryPage}`)
  }
  if (lengthBytes > regionBytesMax || address + lengthBytes > addressEnd) {
    const wanted = `wanted at most ${regionBytesMax} and an end within the address space`
    throw refuse("region_too_long", `length_bytes is ${lengthBytes}, ${wanted}`)
  }
  const imageEnd = ((image.lengthBytes + page - 1n) / page) * page
  if (offsetBytes + lengthBytes > imageEnd && !isTailZero) {
    const found = `it ends at byte ${offsetBytes + lengthBytes} of image "${image.name}"`
    const message = `Cannot map region at ${hex(address)}: ${found}, which has ${image.lengthBytes}`
    throw new ClientError("region_beyond_image", message)
  }
}

type Range = Pick<Region, "address" | "lengthBytes">

function overlap(one: Range, other: Range): boolean {
  return (
    one.address < other.address + other.lengthBytes && other.address < one.address + one.lengthBytes
  )
}

function overlapError(wish: RegionWish, other: Region): ClientError {
  const end = other.address + other.lengthBytes
  const found = `it overlaps region ${other.region} at ${hex(other.address)} to ${hex(end)}`
  return new ClientError("region_overlap", `Cannot map region at ${hex(wish.address)}: ${found}`)
}

export function hex(value: bigint): string {
  return `0x${value.toString(16)}`
}

/** What the engine is asked to serve. */
export function requestOf(
  region: Region,
  space: number,
): Omit<RegionRequest, "request" | "touchesMax"> {
  return {
    space,
    region: region.region,
    address: region.address,
    lengthBytes: region.lengthBytes,
    image: region.image.image,
    imageOffsetBytes: region.offsetBytes,
    mapping: mappingOf(region),
    windowBytes: region.windowBytes,
    onDiscard: region.onDiscard,
    pageBytes: region.pageBytes ?? pageBytes,
    isTailZero: region.isTailZero ?? false,
  }
}

function mappingOf({ mode, access }: Region): Mapping {
  if (mode === "copy") return "anonymous"
  return access === "shared" ? "image_shared" : "image_private"
}
