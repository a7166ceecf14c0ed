/**
 * The native protocol, version 1: every message a client and a manager exchange.
 *
 * One SOCK_SEQPACKET packet carries one message: a msgpack map with string keys (no msgpackr
 * records, so that any language can read it). Requests carry `request`, a number the client
 * chooses; the answer echoes it. Descriptors travel as SCM_RIGHTS with exactly the packet they
 * belong to.
 *
 *   client                              manager
 *   hello                          ->   welcome   [device descriptor, if wanted and allowed]
 *   image                          ->   image_found   [the image's file, if modes were named]
 *   load                           ->   loaded
 *   publish    [file descriptor]   ->   published
 *   map        [userfaultfd]       ->   mapped    (only the session's first map carries it)
 *                                                 (and it is kept when that map is refused, unless
 *                                                 the refusal is not_userfaultfd or
 *                                                 unsupported_features: then the next carries it.
 *                                                 A map of mode cow needs none)
 *                                                 (with a region's number: goes on with one that an
 *                                                 earlier manager served; it may be served already,
 *                                                 and so may its userfaultfd be here. These come
 *                                                 first: with the first map of a new region, those
 *                                                 that were not spoken of end)
 *   choose_discard                 ->   discard_chosen
 *   prefault, reset, unmap, bye    ->   prefaulted, reset_done, unmapped, goodbye
 *                                       error     in place of any answer
 *                                       poisoned  unasked: a page of a region could not be had
 */
import { z } from "zod"
import {
  imageKeyLengthMax,
  imageNameLengthMax,
  sessionNameLengthMax,
  windowBytesMax,
  windowBytesMin,
} from "./limits.js"

const u64Max = (1n << 64n) - 1n
const request = z.number().int().min(1).max(0xffff_ffff)
const regionId = z.number().int().min(1).max(0xffff_ffff)
const imageId = z.number().int().min(1).max(0xffff_ffff)
const imageKey = z.string().min(1).max(imageKeyLengthMax)
/**
 * msgpackr yields a number below 2^53 and a bigint above it; everything past this point is a
 * bigint.
 */
const u64 = z
  .union([
    z.number().int().nonnegative(),
    // This one msgpackr yields as a number too, although it is not a safe integer.
    z.literal(2 ** 53),
    z.bigint().nonnegative().max(u64Max),
  ])
  .transform((value) => BigInt(value))

export const imageName = z
  .string()
  .max(imageNameLengthMax)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._/-]*$/, "an image name is letters, digits and . _ / -")

export const mode = z.enum(["auto", "copy", "share", "cow"])

export const hello = z.object({
  type: z.literal("hello"),
  /**
   * Not narrowed to our version: a client of another one must get `wrong_version`, not
   * `malformed_frame`.
   */
  version: z.number().int(),
  /** Who speaks, for people: "libpagerd/0.1.0". */
  client: z.string().max(64),
  /**
   * Asks for the manager's /dev/userfaultfd, to make a userfaultfd that also serves faults in
   * system calls.
   */
  want_device: z.boolean(),
  /**
   * True for a client that goes to the next manager by itself when this one dies, with all of its
   * regions. Of others, and of all whose userfaultfd has layout events, a manager keeps a journal,
   * so that the next one can take them over: what these did to their memory they cannot tell.
   */
  resumes: z.boolean().optional(),
  /** The name that an earlier manager gave the session. */
  resumed_session: z.string().max(sessionNameLengthMax).optional(),
})

/** How regions can be served; "auto" is no such way. */
export const takenMode = z.enum(["copy", "share", "cow"])

/** Whose writes a region shows: its own, or those of all who map the image so. */
export const access = z.enum(["private", "shared"])

/**
 * What pages of a region read as once its client has discarded them (MADV_DONTNEED, MADV_FREE): the
 * image's bytes again, or zeros. Zeros can be had in mode "copy", with a userfaultfd that has
 * EVENT_REMOVE; in other modes the kernel gives back the file's pages.
 */
export const onDiscard = z.enum(["image", "zero"])

/**
 * Asks for an image, and how a region of it would be served. A client that names the modes it can
 * do there gets the image's file along with the answer: read-only, or for access "shared" readable
 * and writable. One that names none can do "copy" only, and gets no file.
 */
export const image = z.object({
  type: z.literal("image"),
  request,
  image: imageName,
  /** Default "auto". */
  mode: mode.optional(),
  modes: z.array(takenMode).min(1).max(3).optional(),
  /** Default "private". */
  access: access.optional(),
})

/** Asks for all bytes of an image to be brought into memory. */
export const load = z.object({ type: z.literal("load"), request, image: imageName })

/** Offers an open regular file as an image; the manager names it "u<uid>/<image>". */
export const publish = z.object({ type: z.literal("publish"), request, image: imageName })

export const map = z.object({
  type: z.literal("map"),
  request,
  image: imageName,
  mode,
  /** Default "private". */
  access: access.optional(),
  /**
   * That of the image whose file the client has, wanted for "share" and "cow": by now the name may
   * be another image's.
   */
  image_id: imageId.optional(),
  address: u64,
  length_bytes: u64,
  offset_bytes: u64,
  /**
   * Of a region that an earlier manager served: the number it has, and the `image_key` that came
   * with its image. What cannot be had again is waited for.
   */
  region: regionId.optional(),
  image_key: imageKey.optional(),
  /** 0 leaves the choice to the manager. */
  window_bytes: z.union([
    z.literal(0),
    z
      .number()
      .int()
      .min(windowBytesMin)
      .max(windowBytesMax)
      .refine((bytes) => (bytes & (bytes - 1)) === 0, "window_bytes is a power of two"),
  ]),
  /** Default: "zero" where that can be had, else "image". `mapped` says which, to who asks. */
  on_discard: onDiscard.optional(),
})

export const prefault = z.object({
  type: z.literal("prefault"),
  request,
  region: regionId,
  offset_bytes: u64,
  length_bytes: u64,
})

/** Says that the client has just dropped the region's pages itself; only the books change. */
export const reset = z.object({ type: z.literal("reset"), request, region: regionId })
/**
 * What was discarded until now is the image's again, and what is discarded from here on is as
 * chosen. So a client that is to see the image again, in a region where discarded pages are zeros,
 * chooses "image", drops the pages, and chooses "zero" again.
 */
export const chooseDiscard = z.object({
  type: z.literal("choose_discard"),
  request,
  region: regionId,
  on_discard: onDiscard,
})
export const unmap = z.object({ type: z.literal("unmap"), request, region: regionId })
export const bye = z.object({ type: z.literal("bye"), request })

export const clientMessage = z.discriminatedUnion("type", [
  hello,
  image,
  load,
  publish,
  map,
  prefault,
  reset,
  chooseDiscard,
  unmap,
  bye,
])
export type ClientMessage = z.infer<typeof clientMessage>
export type Mode = z.infer<typeof mode>
export type TakenMode = z.infer<typeof takenMode>
export type Access = z.infer<typeof access>
export type OnDiscard = z.infer<typeof onDiscard>

export type ManagerMessage =
  | {
      type: "welcome"
      version: number
      session: string
      /** True when this packet carries /dev/userfaultfd. */
      device: boolean
      frame_bytes_max: number
      regions_max: number
    }
  | {
      type: "image_found"
      request: number
      image: string
      /** Tells it from others that have the same name before or after it, for any manager. */
      image_id: number
      /** Tells its bytes from all others, for any manager. */
      image_key: string
      length_bytes: bigint
      /** How a region would be served, and why. */
      mode: TakenMode
      why: string
      /** True when this packet carries the image's file. */
      file: boolean
    }
  | { type: "loaded"; request: number; image: string; resident_bytes: bigint }
  | { type: "published"; request: number; image: string; length_bytes: bigint }
  | {
      type: "mapped"
      request: number
      region: number
      /** The mode taken, and why. */
      mode: TakenMode
      why: string
      /** There if the map had one. */
      on_discard?: OnDiscard
    }
  | { type: "prefaulted"; request: number; region: number; pages_installed: bigint }
  | { type: "reset_done"; request: number; region: number }
  | { type: "discard_chosen"; request: number; region: number }
  | { type: "unmapped"; request: number; region: number }
  | { type: "goodbye"; request: number }
  /** `request` is 0 when the failure answers no request in particular. */
  | { type: "error"; request: number; code: ErrorCode; message: string }
  | {
      type: "poisoned"
      region: number
      offset_bytes: bigint
      length_bytes: bigint
      message: string
    }

/**
 * What can be wrong with what a client sent or asked. `fatal` ones end the session after the
 * answer.
 */
export const errorCodes = {
  malformed_frame: { fatal: true },
  oversized_frame: { fatal: true },
  wrong_version: { fatal: true },
  unexpected_message: { fatal: true },
  surplus_descriptors: { fatal: true },
  missing_descriptor: { fatal: false },
  not_userfaultfd: { fatal: false },
  unsupported_features: { fatal: false },
  unsupported_file: { fatal: false },
  unknown_image: { fatal: false },
  image_exists: { fatal: false },
  image_failed: { fatal: false },
  unknown_region: { fatal: false },
  unsupported_mode: { fatal: false },
  unsupported_access: { fatal: false },
  unsupported_discard: { fatal: false },
  not_resident: { fatal: false },
  region_misaligned: { fatal: false },
  region_overlap: { fatal: false },
  region_too_long: { fatal: false },
  region_beyond_image: { fatal: false },
  too_many_regions: { fatal: false },
  too_many_sessions: { fatal: true },
  /** This user may not be a client of this manager. */
  not_allowed: { fatal: true },
  prefault_failed: { fatal: false },
  client_gone: { fatal: true },
  draining: { fatal: true },
  busy: { fatal: false },
} as const
export type ErrorCode = keyof typeof errorCodes
