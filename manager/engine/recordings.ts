/**
 * Image pages in pairs: the first of a run, and how many. What working sets are made of: pages are
 * of 4 KiB, and an image has fewer than 2^32.
 */
export type PagePairs = Uint32Array

/** How the native engine tells which pages a region's faults asked for, and installs such pages. */
export interface Recordings {
  /**
   * Installs pages of the image as far as they are the region's, in this order, and behind all
   * demand. What cannot be installed is left out. A `prefaulted` event follows.
   */
  replay(space: number, request: number, region: number, pages: PagePairs): void
  /** How many of these pages of the image have no bytes in memory yet. */
  absentPages(image: number, pages: PagePairs): number
  /**
   * What its faults asked for since it was mapped, in their order, with the neighbours that each
   * was served with; nothing is noted from here on. Undefined of a region that was mapped without
   * `touchesMax`, or that has ended.
   */
  takeTouches(space: number, region: number): PagePairs | undefined
}
