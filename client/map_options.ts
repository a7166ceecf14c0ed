import type { Access, Mode } from "../protocol/messages.js"
import { PagerdError } from "./error.js"
import type { NativeMapOptions } from "./library.js"

/** What part of an image to map, and how. All numbers are in bytes. */
export interface MapOptions {
  /** "auto", the default, leaves the choice to the manager. */
  readonly mode?: Mode
  /**
   * "private", the default: what is written stays with this region. "shared": all who map the image
   * so see each other's writes; for images that were made writable.
   */
  readonly access?: Access
  /** Start within the image; a multiple of the page size. Default 0. */
  readonly offset?: number
  /** Default: up to the image's end. */
  readonly length?: number
  /** Fault-around window: a power of two from 4 KiB to 2 MiB. Default: the manager's choice. */
  readonly window?: number
}

/** Both in the order of pagerd.h's enums. */
const modes: readonly Mode[] = ["auto", "copy", "share", "cow"]
const accesses: readonly Access[] = ["private", "shared"]

export function toNative(options: MapOptions): NativeMapOptions {
  const mode = modes.indexOf(options.mode ?? "auto")
  if (mode < 0) {
    throw new PagerdError("bad_argument", `mode is ${options.mode}, wanted ${modes.join(", ")}`)
  }
  const access = accesses.indexOf(options.access ?? "private")
  if (access < 0) {
    const wanted = accesses.join(" or ")
    throw new PagerdError("bad_argument", `access is ${options.access}, wanted ${wanted}`)
  }
  if (options.length === 0) throw new PagerdError("bad_argument", "length is 0, wanted 1 or more")
  return {
    mode,
    offset_bytes: wholeNumber("offset", options.offset ?? 0),
    length_bytes: wholeNumber("length", options.length ?? 0),
    window_bytes: wholeNumber("window", options.window ?? 0, 0xffff_ffff),
    access,
    reserve_bytes: 0,
  }
}

export function modeOf(nativeMode: number): Mode {
  const mode = modes[nativeMode]
  if (mode === undefined) throw new Error(`libpagerd knows a mode ${nativeMode}`)
  return mode
}

export function wholeNumber(name: string, value: number, max = Number.MAX_SAFE_INTEGER): number {
  if (Number.isInteger(value) && value >= 0 && value <= max) return value
  throw new PagerdError("bad_argument", `${name} is ${value}, wanted a whole number up to ${max}`)
}
