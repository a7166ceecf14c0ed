import { type Effects, noEffects, readEffects, skipConstant } from "./instructions.js"
import { Reader } from "./reader.js"
import { readSections, type Section, sectionIds } from "./sections.js"
import {
  type GlobalType,
  type Limits,
  type MemoryType,
  readGlobalType,
  readMemoryType,
  readTableType,
} from "./types.js"

/** Where the importer finds what is imported: imports[module][name]. */
export interface ImportName {
  readonly module: string
  readonly name: string
}

interface Importable {
  /** Undefined for what the module defines itself. */
  readonly imported: ImportName | undefined
}

export type MemoryShape = MemoryType & Importable
export type GlobalShape = GlobalType & Importable
export type TableShape = Limits & Importable

export interface ExportShape {
  readonly name: string
  readonly kind: number
  readonly index: number
}

export const exportKinds = { function: 0, table: 1, memory: 2, global: 3 } as const
const tagKind = 4

/** What a module is made of, as far as images are concerned. Indices are the module's own. */
export interface ModuleShape {
  readonly bytes: Uint8Array
  readonly sections: readonly Section[]
  readonly memories: readonly MemoryShape[]
  readonly globals: readonly GlobalShape[]
  readonly tables: readonly TableShape[]
  readonly exports: readonly ExportShape[]
  /** Index of the function that runs at instantiation. */
  readonly start: number | undefined
  readonly effects: Effects
}

/** Reads a module; throws PagerdError "bad_module". */
export function readShape(bytes: Uint8Array): ModuleShape {
  const sections = readSections(bytes)
  const contentOf = (id: number): Reader | undefined => {
    const found = sections.find((section) => section.id === id)
    return found === undefined ? undefined : new Reader(bytes, found.contentStart, found.end)
  }
  const imports = readImports(contentOf(sectionIds.import))
  const own = <Type>(id: number, what: string, read: (reader: Reader) => Type) =>
    readList(contentOf(id), what, (reader) => ({ ...read(reader), imported: undefined }))
  const start = contentOf(sectionIds.start)
  const code = contentOf(sectionIds.code)
  return {
    bytes,
    sections,
    memories: [...imports.memories, ...own(sectionIds.memory, "memories", readMemoryType)],
    globals: [...imports.globals, ...own(sectionIds.global, "globals", readOwnGlobal)],
    tables: [...imports.tables, ...own(sectionIds.table, "tables", readOwnTable)],
    exports: readList(contentOf(sectionIds.export), "exports", readExport),
    start: start?.u32("the start function"),
    effects: code === undefined ? noEffects() : readEffects(code),
  }
}

export function readList<Item>(
  reader: Reader | undefined,
  what: string,
  read: (reader: Reader) => Item,
): Item[] {
  if (reader === undefined) return []
  const items: Item[] = []
  for (let left = reader.count(`how many ${what}`); left > 0; left -= 1) items.push(read(reader))
  reader.requireEnd(`the section of ${what}`)
  return items
}

function readImports(reader: Reader | undefined) {
  const memories: MemoryShape[] = []
  const globals: GlobalShape[] = []
  const tables: TableShape[] = []
  readList(reader, "imports", (from) => {
    const imported = { module: from.name("a module's name"), name: from.name("an import's name") }
    const kind = from.byte("a kind of import")
    if (kind === exportKinds.function) from.u32("a function's type")
    else if (kind === exportKinds.table) tables.push({ ...readTableType(from), imported })
    else if (kind === exportKinds.memory) memories.push({ ...readMemoryType(from), imported })
    else if (kind === exportKinds.global) globals.push({ ...readGlobalType(from), imported })
    else if (kind === tagKind) readTag(from)
    else throw from.failure(`kind ${kind}`, "a kind of import from 0 to 4")
  })
  return { memories, globals, tables }
}

function readTag(reader: Reader): void {
  reader.byte("a tag's attribute")
  reader.u32("a tag's type")
}

function readOwnGlobal(reader: Reader): GlobalType {
  const type = readGlobalType(reader)
  skipConstant(reader)
  return type
}

function readOwnTable(reader: Reader): Limits {
  const withValue = 0x40
  if (reader.peek("a table") !== withValue) return readTableType(reader)
  reader.take(2, "a table with a first value")
  const type = readTableType(reader)
  skipConstant(reader)
  return type
}

function readExport(reader: Reader): ExportShape {
  return {
    name: reader.name("an export's name"),
    kind: reader.byte("a kind of export"),
    index: reader.u32("an index"),
  }
}
