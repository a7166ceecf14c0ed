/** What an earlier engine has left of a space: descriptors. */
export interface PastSpace {
  readonly userfaultfd: number
  readonly layoutBook?: number | undefined
  readonly cpu: number
  readonly uid: number
  /** Of a forked child, which nobody but us has open. */
  readonly isChild: boolean
}

/** How the native engine goes on with what an earlier one has left. */
export interface PastSpaces {
  /**
   * Takes over all that was left, and returns the space. With a layout book the regions that it had
   * are to be mapped first, as they were; then comes endPast(). A region that the book does not
   * have is refused with `layout_unknown`. Where the book is not good it throws, with code EUCLEAN
   * or EBADF, and the userfaultfd stays the caller's. Without a book nobody knows what the client
   * has done, and none is kept.
   */
  adopt(past: PastSpace): number
  /** The space is read from here on. False: there is no room for that now, ask again. */
  endPast(space: number): boolean
  /**
   * The memfd in which stands what the client does to its memory, for an engine after this one;
   * undefined where it can do nothing, or nothing is kept. The descriptor stays the engine's.
   */
  layoutBookOf(space: number): number | undefined
}
