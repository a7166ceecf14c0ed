import type { AccessRule } from "../access_rule.js"
import { isPageSource, type PageSource } from "./page_source.js"

/**
 * An image to be added: where its bytes come from, what it is for, and who sees it: everybody, or
 * whoever is listed, and root.
 */
export interface WantedImage extends AccessRule {
  /**
   * A path, paths joined by commas, a URL or a page source. Of several files the newest that has
   * data in a page is where the page comes from, and the first is the base. A list names a file
   * each, whatever commas are in them.
   */
  readonly source: string | readonly string[] | PageSource
  /**
   * Clients map it with access "shared", and only so: they see each other's writes. Nothing is ever
   * written back to the source. Default: false.
   */
  readonly writable?: boolean
  /** All of it is brought into memory before the first client is served. Default: false. */
  readonly load?: boolean
}

/** The short form: a source alone. */
export type GivenImage = WantedImage["source"] | WantedImage

export const wantedImage = (given: GivenImage): WantedImage =>
  isSource(given) ? { source: given } : given

const isSource = (given: GivenImage): given is WantedImage["source"] =>
  typeof given === "string" || Array.isArray(given) || isPageSource(given)
