import type { Reader } from "./reader.js"

export const numericTypes = ["i32", "i64", "f32", "f64"] as const
export type NumericType = (typeof numericTypes)[number]

/** "reference" stands for those that only newer proposals have. */
export type ValueType = NumericType | "v128" | "funcref" | "externref" | "reference"

export interface GlobalType {
  readonly type: ValueType
  readonly isMutable: boolean
}

export interface Limits {
  readonly initial: number
  readonly maximum: number | undefined
}

export interface MemoryType extends Limits {
  /** Those that no memory of ours has; undefined for plain 32-bit memory. */
  readonly unsupported: string | undefined
}

const plainTypes: Readonly<Record<number, ValueType>> = {
  127: "i32",
  126: "i64",
  125: "f32",
  124: "f64",
  123: "v128",
  112: "funcref",
  111: "externref",
}

/** (ref null? heap type), of typed references and garbage collection. */
const typedReferences = [0x63, 0x64]
/** From arrays to exceptions: abbreviations for references to heap types. */
const shortReferenceMin = 0x68
const shortReferenceMax = 0x74

export function readValueType(reader: Reader): ValueType {
  const wanted = "a value type"
  const byte = reader.byte(wanted)
  const plain = plainTypes[byte]
  if (plain !== undefined) return plain
  if (typedReferences.includes(byte)) {
    reader.skipNumber(33, "a heap type")
    return "reference"
  }
  if (byte >= shortReferenceMin && byte <= shortReferenceMax) return "reference"
  throw reader.failure(`0x${byte.toString(16)}`, wanted)
}

export function readGlobalType(reader: Reader): GlobalType {
  const type = readValueType(reader)
  const mutability = reader.byte("whether the global is mutable")
  if (mutability > 1) throw reader.failure(`${mutability}`, "0 or 1 for whether it is mutable")
  return { type, isMutable: mutability === 1 }
}

/** Flags of limits. */
const hasMaximum = 1
const isShared = 2
const is64Bit = 4
const hasPageSize = 8

/** Of the lengths beyond 32 bits of tables and memories that are refused anyway nothing is kept. */
export function readMemoryType(reader: Reader): MemoryType {
  const flags = reader.byte("the limits of a memory")
  if (flags > 15) throw reader.failure(`flags ${flags}`, "the limits of a memory")
  const unsupported =
    flags & isShared
      ? "its memory is shared between threads"
      : flags & is64Bit
        ? "its memory has 64-bit addresses (memory64)"
        : flags & hasPageSize
          ? "its memory has a page size of its own"
          : undefined
  const limits = readLimitNumbers(reader, flags)
  if (flags & hasPageSize) reader.u32("a page size")
  return { ...limits, unsupported }
}

export function readTableType(reader: Reader): Limits & { readonly type: ValueType } {
  const type = readValueType(reader)
  const flags = reader.byte("the limits of a table")
  if (flags > 7) throw reader.failure(`flags ${flags}`, "the limits of a table")
  return { type, ...readLimitNumbers(reader, flags) }
}

function readLimitNumbers(reader: Reader, flags: number): Limits {
  const number = (wanted: string): number => {
    if ((flags & is64Bit) === 0) return reader.u32(wanted)
    reader.skipNumber(64, wanted)
    return 0
  }
  const initial = number("an initial size")
  return { initial, maximum: flags & hasMaximum ? number("a maximum size") : undefined }
}
