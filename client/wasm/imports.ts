import { PagerdError } from "../error.js"
import type { ImportName } from "./binary/shape.js"
import { type GrowableMemory, type Imports, wasmPageBytes, webAssembly } from "./webassembly.js"

interface MemoryImport {
  readonly imported?: ImportName | undefined
  readonly initial: number
  readonly maximum?: number | undefined
}

/**
 * The imports with a memory of so many pages in them, if the module imports one. A memory that is
 * there already is taken, and grown to the size.
 */
export function withMemory(
  imports: Imports,
  { imported, initial, maximum }: MemoryImport,
): Imports {
  if (imported === undefined) return imports
  const { module, name } = imported
  const given = imports[module]?.[name]
  if (given instanceof webAssembly.Memory) {
    growTo(given, initial, `${module}.${name}`)
    return imports
  }
  const memory = new webAssembly.Memory({ initial, ...(maximum === undefined ? {} : { maximum }) })
  const withIt = { ...imports[module], [name]: memory }
  return { ...imports, [module]: withIt }
}

function growTo(memory: GrowableMemory, pages: number, name: string): void {
  const found = memory.buffer.byteLength / wasmPageBytes
  if (found > pages) {
    const text = `The memory given as ${name} has ${found} pages, wanted at most ${pages}`
    throw new PagerdError("bad_argument", text)
  }
  memory.grow(pages - found)
}
