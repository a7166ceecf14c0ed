import type { PrivateNames } from "./binary/rewrite.js"
import type { NumericType } from "./binary/types.js"
import type { ImportedConstant, SavedGlobal } from "./description.js"
import { bitsOf, fromBits } from "./numbers.js"
import { type Exports, type Global, type Imports, type Table, webAssembly } from "./webassembly.js"

/** Puts an instance's mutable globals to what an image holds, references to what they are now. */
export class GlobalValues {
  readonly #values: readonly { readonly global: Global; readonly value: unknown }[]

  constructor(exports: Exports, names: PrivateNames, saved: readonly SavedGlobal[]) {
    this.#values = saved.map((entry) => {
      const global = exports[names.global(entry.index)] as Global
      const isReference = entry.type === "reference"
      return { global, value: isReference ? global.value : fromBits(entry.type, entry.bits) }
    })
  }

  restore(): void {
    for (const { global, value } of this.#values) global.value = value
  }
}

/** Everything in a table, for comparing. */
export function entriesOf(table: Table): unknown[] {
  return Array.from({ length: table.length }, (_, index) => table.get(index))
}

/** Where an instance made with other imports would not be what the image's memory expects. */
export function differingConstant(
  imports: Imports,
  constants: readonly ImportedConstant[],
): { name: string; found: string; wanted: string } | undefined {
  for (const { module, name, type, bits } of constants) {
    const found = importedNumber(imports, { module, name })
    // What is no such number at all is told by the instantiation itself.
    if (typeof found !== (type === "i64" ? "bigint" : "number")) continue
    if (bitsOf(type, found) === bits) continue
    return { name: `${module}.${name}`, found: `${found}`, wanted: `${fromBits(type, bits)}` }
  }
  return undefined
}

/** A number that is imported, also through a WebAssembly.Global. */
export function importedNumber(imports: Imports, { module, name }: ImportPlace): unknown {
  const found = imports[module]?.[name]
  return found instanceof webAssembly.Global ? found.value : found
}

interface ImportPlace {
  readonly module: string
  readonly name: string
}

export const isNumeric = (type: string): type is NumericType => /^[if](?:32|64)$/.test(type)
