import { skipConstant } from "./instructions.js"
import { Reader } from "./reader.js"
import { sectionIds } from "./sections.js"
import { exportKinds, type ModuleShape, readList } from "./shape.js"
import { readMemoryType } from "./types.js"
import { join, name, type Piece, section, u32 } from "./writer.js"

/** What a rewritten module exports beside the module's own, under names that nobody else has. */
export class PrivateNames {
  readonly memory: string
  readonly start: string

  constructor(readonly prefix: string) {
    this.memory = `${prefix}memory`
    this.start = `${prefix}start`
  }

  static for(shape: ModuleShape): PrivateNames {
    let prefix = "pagerd:"
    while (shape.exports.some((own) => own.name.startsWith(prefix))) prefix = `_${prefix}`
    return new PrivateNames(prefix)
  }

  global(index: number): string {
    return `${this.prefix}global:${index}`
  }

  table(index: number): string {
    return `${this.prefix}table:${index}`
  }

  has(exported: string): boolean {
    return exported.startsWith(this.prefix)
  }
}

/** Sections to put in place of a module's; undefined leaves one out. */
type Replacements = ReadonlyMap<number, Uint8Array | undefined>

/** The module with everything exported that has a state, and its start function not run but too. */
export function exposeState(shape: ModuleShape, names: PrivateNames): Uint8Array<ArrayBuffer> {
  const more: Uint8Array[] = [exportEntry(names.memory, exportKinds.memory, 0)]
  for (const [index, { isMutable }] of shape.globals.entries()) {
    if (isMutable) more.push(exportEntry(names.global(index), exportKinds.global, index))
  }
  for (const index of shape.tables.keys()) {
    more.push(exportEntry(names.table(index), exportKinds.table, index))
  }
  if (shape.start !== undefined) {
    more.push(exportEntry(names.start, exportKinds.function, shape.start))
  }
  return replaceSections(shape, [
    [sectionIds.start, undefined],
    [sectionIds.export, exportSection(shape, more)],
  ])
}

/**
 * What exposeState() made, without what would write to its memory before it is attached. Each
 * active segment becomes an empty passive one: the others keep their indices, and to memory.init
 * it looks like the dropped segment that it would be.
 */
export function stripModule(shape: ModuleShape, memoryPages: number): Uint8Array<ArrayBuffer> {
  return replaceSections(shape, [
    [sectionIds.start, undefined],
    [sectionIds.data, dataSection(shape)],
    [sectionIds.memory, memorySection(shape, memoryPages)],
  ])
}

const exportEntry = (exported: string, kind: number, index: number): Uint8Array =>
  join([name(exported), [kind], u32(index)])

function exportSection(shape: ModuleShape, more: readonly Uint8Array[]): Uint8Array {
  const own = shape.exports.map((entry) => exportEntry(entry.name, entry.kind, entry.index))
  return section(sectionIds.export, [u32(own.length + more.length), ...own, ...more])
}

function dataSection(shape: ModuleShape): Uint8Array | undefined {
  const found = shape.sections.find(({ id }) => id === sectionIds.data)
  if (found === undefined) return undefined
  const reader = new Reader(shape.bytes, found.contentStart, found.end)
  const segments = readList(reader, "data segments", (from): Piece => {
    const passive = 1
    const emptyPassive = [passive, 0]
    const start = from.position
    const kind = from.u32("a kind of data segment")
    if (kind > 2) throw from.failure(`kind ${kind}`, "a data segment of kind 0, 1 or 2")
    if (kind === 2) from.u32("a memory")
    if (kind !== passive) skipConstant(from)
    from.take(from.count("the length of a data segment"), "a data segment")
    return kind === passive ? shape.bytes.subarray(start, from.position) : emptyPassive
  })
  return section(sectionIds.data, [u32(segments.length), ...segments])
}

/** The memory begins with the image's size. */
function memorySection(shape: ModuleShape, memoryPages: number): Uint8Array | undefined {
  const found = shape.sections.find(({ id }) => id === sectionIds.memory)
  if (found === undefined) return undefined
  const [own] = readList(
    new Reader(shape.bytes, found.contentStart, found.end),
    "memories",
    readMemoryType,
  )
  if (own === undefined) return section(sectionIds.memory, [[0]])
  const maximum = own.maximum === undefined ? [] : u32(own.maximum)
  const flags = own.maximum === undefined ? 0 : 1
  return section(sectionIds.memory, [[1, flags], u32(memoryPages), maximum])
}

/** Sections that come after the one of exports. */
const afterExports = [8, 9, 10, 11, 12]

function replaceSections(
  { bytes, sections }: ModuleShape,
  replaced: readonly (readonly [number, Uint8Array | undefined])[],
): Uint8Array<ArrayBuffer> {
  const replacements: Replacements = new Map(replaced)
  const pieces: Uint8Array[] = [bytes.subarray(0, 8)]
  const missing = sections.some(({ id }) => id === sectionIds.export)
    ? undefined
    : replacements.get(sectionIds.export)
  const place = sections.findIndex(({ id }) => afterExports.includes(id))
  for (const [index, { id, start, end }] of sections.entries()) {
    if (index === place && missing !== undefined) pieces.push(missing)
    const kept = replacements.has(id) ? replacements.get(id) : bytes.subarray(start, end)
    if (kept !== undefined) pieces.push(kept)
  }
  if (place < 0 && missing !== undefined) pieces.push(missing)
  return join(pieces)
}
