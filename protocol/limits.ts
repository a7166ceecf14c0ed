/**
 * Protocol limits. Both ends rely on them; libpagerd holds the same figures in
 * `native/client/limits.hpp`.
 */

/** Version spoken by this tree. A manager refuses any other with `wrong_version`. */
export const protocolVersion = 1

/** Largest frame, in bytes. One SOCK_SEQPACKET packet is one frame. */
export const frameBytesMax = 65_536

/**
 * Longest image name, in UTF-16 units; names are `[A-Za-z0-9._/-]`, starting with a letter or
 * digit.
 */
export const imageNameLengthMax = 255

/** Longest name of a session, and longest key of an image, that a client gives back. */
export const sessionNameLengthMax = 64
export const imageKeyLengthMax = 64

/** Largest region, in bytes: 16 TiB. */
export const regionBytesMax = 1n << 44n

/** Fault-around windows are powers of two within these bounds, in bytes. */
export const windowBytesMin = 4_096
export const windowBytesMax = 2 * 1024 * 1024

/** Size of a page, in bytes, on every machine this version runs on. */
export const pageBytes = 4_096
