import { join, name, type Piece, section, u32 } from "../../client/wasm/binary/writer.js"

export type NumericType = "i32" | "i64" | "f32" | "f64"
type TypeName = NumericType | "v128" | "funcref" | "externref"

export interface SizeSpec {
  readonly initial: number
  readonly maximum?: number | undefined
}

export interface MemorySpec extends SizeSpec {
  /** Bits beside the one for a maximum: 2 shared, 4 for 64-bit addresses. */
  readonly flags?: number
  /** Imported as env.<name>. */
  readonly importAs?: string
  readonly exportAs?: string
}

export interface GlobalSpec {
  readonly type: TypeName
  readonly isMutable: boolean
  readonly value?: number | bigint
  readonly importAs?: string
  readonly exportAs?: string
}

export interface FunctionSpec {
  readonly parameters?: readonly NumericType[]
  readonly results?: readonly NumericType[]
  readonly locals?: readonly NumericType[]
  /** Instructions without the last `end`. */
  readonly code: readonly number[]
  readonly exportAs?: string
}

export interface ModuleSpec {
  readonly memories?: readonly MemorySpec[]
  readonly globals?: readonly GlobalSpec[]
  readonly functions?: readonly FunctionSpec[]
  /** Without an offset a segment is passive. */
  readonly data?: readonly { readonly offset?: number; readonly bytes: Uint8Array }[]
  /** A table of functions. */
  readonly table?: SizeSpec & { readonly importAs?: string; readonly exportAs?: string }
  /** What is put into it from index 0 on. */
  readonly elements?: readonly number[]
  readonly start?: number
}

const typeBytes: Readonly<Record<TypeName, number>> = {
  i32: 0x7f,
  i64: 0x7e,
  f32: 0x7d,
  f64: 0x7c,
  v128: 0x7b,
  funcref: 0x70,
  externref: 0x6f,
}

const list = (items: readonly Piece[]): Uint8Array => join([u32(items.length), ...items])
const types = (names: readonly TypeName[] = []): Uint8Array =>
  list(names.map((type) => [typeBytes[type]]))

/** A signed LEB128 number. */
export function signed(value: number | bigint): number[] {
  const bytes: number[] = []
  let rest = BigInt(value)
  for (;;) {
    const low = Number(rest & 0x7fn)
    rest >>= 7n
    const isLast = (rest === 0n && low < 0x40) || (rest === -1n && low >= 0x40)
    bytes.push(isLast ? low : low | 0x80)
    if (isLast) return bytes
  }
}

/** The instruction that puts a number on the stack. */
export function constant(type: TypeName, value: number | bigint = 0): number[] {
  if (type === "i32") return [0x41, ...signed(value)]
  if (type === "i64") return [0x42, ...signed(value)]
  if (type === "f32") return [0x43, ...new Uint8Array(new Float32Array([Number(value)]).buffer)]
  if (type === "f64") return [0x44, ...new Uint8Array(new Float64Array([Number(value)]).buffer)]
  if (type === "v128") return [0xfd, 12, ...new Array<number>(16).fill(0)]
  return [0xd0, typeBytes[type]]
}

function size({ initial, maximum }: SizeSpec, flags = 0): Uint8Array {
  const more = maximum === undefined ? [] : u32(maximum)
  return join([[flags | (maximum === undefined ? 0 : 1)], u32(initial), more])
}

const globalType = ({ type, isMutable }: GlobalSpec): number[] => [
  typeBytes[type],
  isMutable ? 1 : 0,
]

/** Things that are imported come first among their kind, as a module numbers them. */
const importedFirst = <Spec extends { readonly importAs?: string }>(specs: readonly Spec[]) =>
  [...specs].sort((a, b) => Number(b.importAs !== undefined) - Number(a.importAs !== undefined))

/** The binary of a module. Indices are positions in the lists, imported things first. */
export function writeModule(spec: ModuleSpec): Uint8Array<ArrayBuffer> {
  const memories = importedFirst(spec.memories ?? [])
  const globals = importedFirst(spec.globals ?? [])
  const tables = spec.table === undefined ? [] : [spec.table]
  const functions = spec.functions ?? []
  const imports = (specs: readonly { readonly importAs?: string }[], type: (at: number) => Piece) =>
    specs.flatMap(({ importAs }, at) =>
      importAs === undefined ? [] : [join([name("env"), name(importAs), type(at)])],
    )
  const exports = (specs: readonly { readonly exportAs?: string }[], kind: number) =>
    specs.flatMap(({ exportAs }, at) =>
      exportAs === undefined ? [] : [join([name(exportAs), [kind], u32(at)])],
    )
  const own = <Spec extends { readonly importAs?: string }>(specs: readonly Spec[]) =>
    specs.filter(({ importAs }) => importAs === undefined)
  const memory = (memorySpec: MemorySpec) => size(memorySpec, memorySpec.flags)
  const table = (tableSpec: SizeSpec) => join([[typeBytes.funcref], size(tableSpec)])
  const parts: readonly (readonly [id: number, items: readonly Piece[]])[] = [
    [1, functions.map((it) => join([[0x60], types(it.parameters), types(it.results)]))],
    [
      2,
      [
        ...imports(memories, (at) => join([[2], memory(memories[at] as MemorySpec)])),
        ...imports(globals, (at) => [3, ...globalType(globals[at] as GlobalSpec)]),
        ...imports(tables, (at) => join([[1], table(tables[at] as SizeSpec)])),
      ],
    ],
    [3, functions.map((_, at) => u32(at))],
    [4, own(tables).map(table)],
    [5, own(memories).map(memory)],
    [6, own(globals).map((it) => [...globalType(it), ...constant(it.type, it.value), 0x0b])],
    [
      7,
      [
        ...exports(functions, 0),
        ...exports(tables, 1),
        ...exports(memories, 2),
        ...exports(globals, 3),
      ],
    ],
  ]
  const written = parts.filter(([, items]) => items.length > 0)
  return join([
    [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...written.map(([id, items]) => section(id, [list(items)])),
    ...(spec.start === undefined ? [] : [section(8, [u32(spec.start)])]),
    ...lastSections(spec),
  ])
}

function lastSections({ elements, data = [], functions = [] }: ModuleSpec): Uint8Array[] {
  const sections: Uint8Array[] = []
  if (elements !== undefined) {
    const segment = join([[0], constant("i32", 0), [0x0b], list(elements.map(u32))])
    sections.push(section(9, [list([segment])]))
  }
  if (data.length > 0) sections.push(section(12, [u32(data.length)]))
  const bodies = functions.map(({ locals = [], code }) => {
    const body = join([list(locals.map((type) => [1, typeBytes[type]])), code, [0x0b]])
    return join([u32(body.length), body])
  })
  if (bodies.length > 0) sections.push(section(10, [list(bodies)]))
  if (data.length > 0) {
    const segments = data.map(({ offset, bytes }) => {
      const head = offset === undefined ? [1] : [0, ...constant("i32", offset), 0x0b]
      return join([head, u32(bytes.length), bytes])
    })
    sections.push(section(11, [list(segments)]))
  }
  return sections
}
