import type { ErrorCode } from "../protocol/messages.js"

/** Codes that do not come from a manager; pagerd.h lists the library's own. */
export type LocalErrorCode =
  | "no_manager"
  | "manager_gone"
  | "forked"
  | "bad_argument"
  | "unsupported_memory"
  | "no_userfaultfd"
  | "out_of_memory"
  | "system"
  /** The native library has not been built. */
  | "not_built"
  /** The pager or region was closed before. */
  | "closed"
  /** Bytes that are no WebAssembly module, or one that cannot be read. */
  | "bad_module"
  /** A WebAssembly module, or what its initialisation did, that cannot be an image. */
  | "unsupported_module"
  | "unsupported_image"
  /** No slot of a pool was free in time. */
  | "timed_out"
  /** A saved image whose files are not whole. */
  | "bad_image"
  /** An ArrayBuffer of this length is more than this version of Node can make. */
  | "view_too_long"

/** Every failure of the client, the manager's refusals included. `code` is for programs. */
export class PagerdError extends Error {
  override readonly name = "PagerdError"
  constructor(
    /** Open-ended: a newer manager may have codes that this client has not heard of. */
    readonly code: ErrorCode | LocalErrorCode | (string & {}),
    message: string,
  ) {
    super(message)
  }
}
