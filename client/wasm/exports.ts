import type { PrivateNames } from "./binary/rewrite.js"
import { type Exports, webAssembly } from "./webassembly.js"

/**
 * What of a stripped module's exports is the module's own. A program can change a table that it
 * was given, so we are told when one is taken.
 */
export function ownExports(
  exports: Exports,
  names: PrivateNames,
  onTableTaken: () => void,
): Exports {
  const own: Record<string, unknown> = Object.create(null)
  for (const [name, value] of Object.entries(exports)) {
    if (names.has(name)) continue
    if (!(value instanceof webAssembly.Table)) {
      own[name] = value
      continue
    }
    const get = (): unknown => {
      onTableTaken()
      return value
    }
    Object.defineProperty(own, name, { enumerable: true, get })
  }
  return Object.freeze(own)
}
