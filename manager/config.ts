/**
 * Every setting of a manager with its default and its bounds. A configuration file names them in
 * snake_case, code in camelCase. Units come last in a name.
 */
import { totalmem } from "node:os"
import { z } from "zod"
import { windowBytesMax, windowBytesMin } from "../protocol/limits.js"

/** User or group ids; (gid_t)-1 names nobody. */
const ids = z.array(z.number().int().min(0).max(0xffff_fffe)).max(4_096)
const count = (least: number, most: number) => z.number().int().min(least).max(most)
const milliseconds = (most: number) => z.number().int().min(0).max(most)
const isPowerOfTwo = (bytes: number) => (bytes & (bytes - 1)) === 0

/**
 * What clients may use of this manager. Each is a bound that a client runs into with an error, not
 * a reservation.
 */
const limits = z.strictObject({
  sessionsMax: count(1, 16_384).default(4_096),
  /** Of one user, so that no user takes every place. */
  sessionsPerUidMax: count(1, 16_384).default(2_048),
  regionsPerSessionMax: count(1, 1 << 20).default(16_384),
  regionsPerUidMax: count(1, 1 << 24).default(131_072),
  /** Address space, not memory: 64 TiB. What a manager notes of it is a bit a page at most. */
  bytesPerSessionMax: count(4_096, Number.MAX_SAFE_INTEGER).default(2 ** 46),
  bytesPerUidMax: count(4_096, Number.MAX_SAFE_INTEGER).default(2 ** 46),
  /**
   * Descriptors that this manager holds for one user: three for a session, two for a published
   * image, and those on their way to being closed.
   */
  descriptorsPerUidMax: count(8, 1 << 20).default(8_192),
  /**
   * Requests of one session that are being worked on; the socket is not read while there are as
   * many.
   */
  requestsInFlightMax: count(1, 4_096).default(64),
  /**
   * Prefaults and loads of one user that are under way. All users share the places that there are
   * for them, a thousand, and each can take as long as its image's source likes.
   */
  bulkRequestsPerUidMax: count(1, 1_024).default(256),
  /**
   * Frames on their way to one client. A client that lets more of them lie is not reading: its
   * session ends.
   */
  framesQueuedMax: count(1, 65_536).default(256),
  /**
   * Frames of one connection in a second, and how many may come at once after a pause. Beyond it
   * the socket is read that much later; nobody is closed for it.
   */
  framesPerSecondMax: count(1, 10_000_000).default(20_000),
  framesBurstMax: count(1, 1 << 20).default(4_096),
  imagesMax: count(1, 65_536).default(4_096),
  publishedImagesPerUidMax: count(0, 65_536).default(64),
  /** The length of them all, and so the most memory they can take here. Default: half of it. */
  publishedBytesPerUidMax: count(0, Number.MAX_SAFE_INTEGER).default(Math.floor(totalmem() / 2)),
  /**
   * Images that clients of one user say an earlier manager had, and this one does not know. Their
   * length, again, is at most publishedBytesPerUidMax.
   */
  awaitedImagesPerUidMax: count(0, 4_096).default(128),
})

/**
 * How hard a page source is tried before its pages are poisoned. For files the engine's fillers do
 * as said here.
 */
const sources = z
  .strictObject({
    attemptsMax: count(1, 100).default(5),
    /**
     * The longest pause before the second attempt; it doubles from one to the next, up to the most.
     * How much of it is waited is left to chance.
     */
    backoffMs: milliseconds(60_000).default(100),
    backoffMaxMs: milliseconds(600_000).default(5_000),
    /** One read of a page source in TypeScript that takes longer has failed. */
    readTimeoutMs: count(1, 3_600_000).default(30_000),
    /** The name that readTimeoutMs had before; it still goes ahead of it. */
    readDeadlineMs: count(1, 3_600_000).optional(),
    /** All attempts at one range together, pauses and a source left alone included. */
    deadlineMs: count(1, 86_400_000).default(120_000),
    /** Reads of one page source under way at once. */
    readsInFlightMax: count(1, 1_024).default(16),
    /** Adjacent ranges are read together up to this length. */
    readBytesMax: count(4_096, 64 << 20).default(1 << 20),
    /**
     * Reads that one page source goes on with though it was told to end them. While there are as
     * many, it is asked for nothing.
     */
    abandonedReadsMax: count(1, 1_024).default(16),
    /** Reads that fail in a row before a page source is left alone for breakerOpenMs. */
    breakerFailures: count(1, 10_000).default(8),
    breakerOpenMs: milliseconds(600_000).default(5_000),
  })
  .transform(({ readDeadlineMs, ...limits }) => ({
    ...limits,
    readTimeoutMs: readDeadlineMs ?? limits.readTimeoutMs,
  }))

/** Faults that wait for too long: what is said of them, and what becomes of them. */
const watchdog = z.strictObject({
  /** How often it looks. */
  roundMs: count(10, 60_000).default(1_000),
  /** A fault that waits longer is logged, and its thread woken to fault again every round. */
  faultAgeMs: count(1, 3_600_000).default(10_000),
  /**
   * What is done about one that waits longer than limitMs as well: nothing more, or its page is
   * poisoned (SIGBUS for whoever touches it), or its client is killed.
   */
  policy: z.enum(["log", "poison", "kill"]).default("log"),
  limitMs: count(1, 86_400_000).default(60_000),
})

/**
 * What clients touch of an image after they have mapped it is recorded, and brought to the next
 * ones before they ask.
 */
const workingSets = z.strictObject({
  /** Of which images: their names, or all of them. What clients publish is never recorded. */
  images: z.union([z.enum(["all", "none"]), z.array(z.string()).max(65_536)]).default("none"),
  /** What is touched later than this after the map is no part of it. */
  windowMs: count(10, 3_600_000).default(10_000),
  /** Of one working set. */
  bytesMax: count(4_096, 2 ** 30).default(64 << 20),
  /** Regions that are recorded at once, and replays under way at once. */
  recordingsMax: count(1, 4_096).default(64),
  replaysMax: count(1, 512).default(64),
  /** Kept on disk; beyond it those go that were recorded the longest ago. */
  setsMax: count(1, 65_536).default(256),
  /** One run in so many is recorded without a replay, to see how much of the set it needs. */
  sampleEvery: count(2, 1_000).default(16),
  /** A set of which runs need less is not replayed, until they need more again. */
  hitRatioMin: z.number().min(0).max(1).default(0.5),
})

const engine = z.strictObject({
  /** 0: one per CPU, at most 4. */
  faultThreads: count(0, 64).default(0),
  fillerThreads: count(0, 64).default(0),
  windowBytesDefault: z
    .number()
    .int()
    .min(windowBytesMin)
    .max(windowBytesMax)
    .refine(isPowerOfTwo, "it is a power of two")
    .default(65_536),
})

/**
 * Who may be a client at all, beside what the socket's mode says. With neither list everybody is
 * who gets through to the socket, with one or both only whoever is listed: also of root.
 */
const clients = z.strictObject({
  allowUids: ids.optional(),
  /** Groups count that the client was in when it connected. */
  allowGids: ids.optional(),
})

/** A file each: the base of an image, and its newer layers. */
const layers = z.array(z.string().min(1)).min(1)

const image = z.union(
  [
    z.string(),
    layers,
    z.strictObject({
      /** A string may be several paths joined by commas. */
      source: z.union([z.string(), layers]),
      writable: z.boolean().default(false),
      load: z.boolean().default(false),
      /** Who sees it: everybody without these, else whoever is listed, and root. */
      allowUids: ids.optional(),
      allowGids: ids.optional(),
    }),
  ],
  "it is a path or URL, or a table of source, writable, load, allow_uids and allow_gids, or a " +
    "list of paths",
)

export const configSchema = z.strictObject({
  socket: z.string().min(1),
  debugSocket: z.string().min(1),
  stateDir: z.string().min(1),
  /**
   * Who may connect, and so be a client. A manager of root serves everybody by default (a client
   * can be shown no memory but its own and the images, all of which are for its eyes), any other
   * manager its own user.
   */
  socketMode: count(0, 0o777).default(process.getuid?.() === 0 ? 0o666 : 0o600),
  /**
   * Who is handed /dev/userfaultfd, which lets an unprivileged process have its faults within
   * system calls served too: what the kernel otherwise grants by vm.unprivileged_userfaultfd. A
   * list holds user ids.
   */
  passDevice: z
    .union([z.enum(["everyone", "nobody"]), z.array(count(0, 0xffff_ffff))])
    .default("everyone"),
  logLevel: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).default("info"),
  /** A connection that has not said hello by then is closed. */
  greetingTimeoutMs: count(1, 3_600_000).default(10_000),
  /**
   * How long clients of an earlier manager wait for an image that this one does not have: it may
   * still come. After that its pages are poison.
   */
  resumeWaitMs: milliseconds(3_600_000).default(30_000),
  /** How long requests under way may take to end once the manager drains. */
  drainTimeoutMs: milliseconds(3_600_000).default(5_000),
  images: z.record(z.string(), image).default({}),
  clients: clients.prefault({}),
  limits: limits.prefault({}),
  sources: sources.prefault({}),
  engine: engine.prefault({}),
  watchdog: watchdog.prefault({}),
  workingSets: workingSets.prefault({}),
})

export type Config = z.output<typeof configSchema>
export type Limits = Config["limits"]
export type SourceLimits = Config["sources"]
/** What may be given in code: everything, or only what differs from the defaults. */
export type ConfigInput = Partial<z.input<typeof configSchema>>
