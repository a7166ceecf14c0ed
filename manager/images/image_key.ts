import { createHash } from "node:crypto"
import type { PageSource } from "./page_source.js"

/**
 * What tells an image's bytes from all others, in this manager and in those after it: two images of
 * one key have the same bytes. A digest, because clients see it and need not know whose file it is.
 */
export type ImageKey = string

const keyCharacters = 32

/** `identity` is the engine's: device, inode, size and time of modification, of each layer. */
export const keyOfFile = (identity: string): ImageKey => digest(`file ${identity}`)

/** Without an identity of its own, whoever serves it promises the same bytes under one name. */
export const keyOfSource = (name: string, { identity, length }: PageSource): ImageKey =>
  digest(identity === undefined ? `name ${length} ${name}` : `source ${length} ${identity}`)

function digest(text: string): ImageKey {
  return createHash("sha256").update(text).digest("hex").slice(0, keyCharacters)
}
