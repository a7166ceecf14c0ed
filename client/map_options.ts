import type { Access, Mode, OnDiscard } from "../protocol/messages.js"
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
  /**
   * What pages read as once this process has discarded them (madvise): "image", the default, or
   * "zero", until the next reset. Zeros are for mode "copy", which "auto" takes then; discarding
   * waits for the manager.
   */
  readonly onDiscard?: OnDiscard
  /** Fault-around window: a power of two from 4 KiB to 2 MiB. Default: the manager's choice. */
  readonly window?: number
}

/** All in the order of pagerd.h's enums. */
const modes: readonly Mode[] = ["auto", "copy", "share", "cow"]
const accesses: readonly Access[] = ["private", "shared"]
const discards: readonly OnDiscard[] = ["image", "zero"]

export function toNative(options: MapOptions): NativeMapOptions {
  if (options.length === 0) throw new PagerdError("bad_argument", "length is 0, wanted 1 or more")
  return {
    mode: placeOf("mode", options.mode ?? "auto", modes),
    offset_bytes: wholeNumber("offset", options.offset ?? 0),
    length_bytes: wholeNumber("length", options.length ?? 0),
    window_bytes: wholeNumber("window", options.window ?? 0, 0xffff_ffff),
    access: placeOf("access", options.access ?? "private", accesses),
    reserve_bytes: 0,
    on_discard: placeOf("onDiscard", options.onDiscard ?? "image", discards),
  }
}

function placeOf<Word extends string>(name: string, word: Word, words: readonly Word[]): number {
  const place = words.indexOf(word)
  if (place >= 0) return place
  const wanted = words.join(words.length > 2 ? ", " : " or ")
  throw new PagerdError("bad_argument", `${name} is ${word}, wanted ${wanted}`)
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
