import { setBytesMax } from "../working_sets/format.js"

/**
 * Bounds of the debug socket. It is its owner's alone (mode 0600), so they guard against mistakes,
 * not malice.
 */

/** Connections at once; further ones are closed unanswered. */
export const connectionsMax = 64

/** Followers of the fault stream at once; each polls the ring. */
export const followersMax = 16

/** Largest request body, in bytes. */
export const bodyBytesMax = 64 * 1024

/** The same of a working set that is imported: as long as its file may be. */
export const workingSetBytesMax = setBytesMax

/** A request line with its header fields, and how long they may take to arrive. */
export const headerBytesMax = 16 * 1024
export const headersTimeoutMs = 5_000
/** The whole request, its body included. */
export const requestTimeoutMs = 10_000
export const keepAliveTimeoutMs = 5_000
/**
 * An answer that nobody reads for so long is given up. Streams are exempt: they drop lines instead.
 */
export const idleTimeoutMs = 30_000

/** What is still being answered when the server closes has so long to end. */
export const closeGraceMs = 1_000

/** Faults that one answer of /v1/faults holds at most, and when nobody says how many. */
export const faultsAnsweredMax = 10_000
export const faultsAnsweredDefault = 100
/** Records of the ring that one answer looks through at most. */
export const faultsScannedMax = 65_536

/** How often a follower looks for new faults, and how many it takes at a time. */
export const followIntervalMs = 50
export const followFaultsMax = 2_000
/** Bytes that wait for a follower's reader before lines are dropped. */
export const followBufferBytesMax = 256 * 1024
