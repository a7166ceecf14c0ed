import type { AccessRule } from "../access_rule.js"
import { isPageSource, type PageSource } from "./page_source.js"

/**
 * An image to be added: where its bytes come from, what it is for, and who sees it: everybody, or
 * whoever is listed, and root.
 */
export interface WantedImage extends AccessRule {
  /** A path, a URL or a page source. */
  readonly source: string | PageSource
  /**
   * Clients map it with access "shared", and only so: they see each other's writes. Nothing is ever
   * written back to the source. Default: false.
   */
  readonly writable?: boolean
  /** All of it is brought into memory before the first client is served. Default: false. */
  readonly load?: boolean
}

/** The short form: a source alone. */
export function wantedImage(given: string | PageSource | WantedImage): WantedImage {
  return typeof given === "string" || isPageSource(given) ? { source: given } : given
}
