import type { Config } from "../config.js"
import type { Image } from "../images/registry.js"

export type WorkingSetSettings = Config["workingSets"]

export const pagesMaxOf = (
  { bytesMax }: WorkingSetSettings,
  { pageBytes }: { readonly pageBytes: number },
): number => Math.floor(bytesMax / pageBytes)

/**
 * Whether runs on it are recorded. What clients publish is not: a user's many images would push
 * everybody else's sets out. Nor is what no key tells from other images.
 */
export function isRecorded(
  { name, key, owner }: Pick<Image, "name" | "key" | "owner">,
  { images }: WorkingSetSettings,
): boolean {
  if (owner !== undefined || !/^[0-9a-f]{32}$/.test(key)) return false
  return images === "all" || (images !== "none" && images.includes(name))
}
