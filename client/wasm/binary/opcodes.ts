import type { Reader } from "./reader.js"
import { readValueType } from "./types.js"

/** How the bytes after an instruction's number are to be read. */
export type Immediate = (reader: Reader) => void

const index: Immediate = (reader) => reader.skipNumber(32, "an index")
const none: Immediate = () => {}
const bytes =
  (count: number): Immediate =>
  (reader) => {
    reader.take(count, `${count} bytes of an instruction`)
  }
const sequence =
  (...parts: Immediate[]): Immediate =>
  (reader) => {
    for (const part of parts) part(reader)
  }
const list =
  (item: Immediate): Immediate =>
  (reader) => {
    for (let left = reader.count("how many operands"); left > 0; left -= 1) item(reader)
  }
const blockType: Immediate = (reader) => reader.skipNumber(33, "a block's type")
const memoryArgument: Immediate = (reader) => {
  const namesMemory = 0x40
  if (reader.u32("an alignment") & namesMemory) index(reader)
  reader.skipNumber(64, "an offset")
}
/** Of try_table: the first two kinds name a tag. */
const catchClause: Immediate = (reader) => {
  if (reader.byte("a kind of catch") < 2) index(reader)
  index(reader)
}

type Table = ReadonlyMap<number, Immediate>

function table(...ranges: [first: number, last: number, immediate: Immediate][]): Table {
  const entries = new Map<number, Immediate>()
  for (const [first, last, immediate] of ranges) {
    for (let opcode = first; opcode <= last; opcode += 1) entries.set(opcode, immediate)
  }
  return entries
}

/** Those of one byte. */
export const plain = table(
  [0x00, 0x01, none],
  [0x02, 0x04, blockType],
  [0x05, 0x05, none],
  // Exceptions: try, catch, throw, rethrow, throw_ref, and below delegate, catch_all, try_table.
  [0x06, 0x06, blockType],
  [0x07, 0x09, index],
  [0x0a, 0x0b, none],
  [0x0c, 0x0d, index],
  [0x0e, 0x0e, sequence(list(index), index)],
  [0x0f, 0x0f, none],
  // Calls, tail calls.
  [0x10, 0x10, index],
  [0x11, 0x11, sequence(index, index)],
  [0x12, 0x12, index],
  [0x13, 0x13, sequence(index, index)],
  [0x14, 0x15, index],
  [0x18, 0x18, index],
  [0x19, 0x1b, none],
  [0x1c, 0x1c, list((reader) => void readValueType(reader))],
  [0x1f, 0x1f, sequence(blockType, list(catchClause))],
  // Locals, globals, tables.
  [0x20, 0x26, index],
  [0x28, 0x3e, memoryArgument],
  [0x3f, 0x40, index],
  [0x41, 0x41, (reader) => reader.skipNumber(32, "a constant")],
  [0x42, 0x42, (reader) => reader.skipNumber(64, "a constant")],
  [0x43, 0x43, bytes(4)],
  [0x44, 0x44, bytes(8)],
  [0x45, 0xc4, none],
  [0xd0, 0xd0, (reader) => reader.skipNumber(33, "a heap type")],
  [0xd1, 0xd1, none],
  [0xd2, 0xd2, index],
  [0xd3, 0xd4, none],
  [0xd5, 0xd6, index],
)

export const bulkPrefix = 0xfc
const bulk = table(
  [0, 7, none],
  // memory.init, data.drop, memory.copy, memory.fill
  [8, 8, sequence(index, index)],
  [9, 9, index],
  [10, 10, sequence(index, index)],
  [11, 11, index],
  // table.init, elem.drop, table.copy, table.grow, table.size, table.fill
  [12, 12, sequence(index, index)],
  [13, 13, index],
  [14, 14, sequence(index, index)],
  [15, 17, index],
)

/** Those whose number follows a prefix. */
export const prefixed: ReadonlyMap<number, Table> = new Map([
  [bulkPrefix, bulk],
  [
    // SIMD, the relaxed one included
    0xfd,
    table(
      [0, 11, memoryArgument],
      [12, 13, bytes(16)],
      [14, 20, none],
      [21, 34, bytes(1)],
      [35, 83, none],
      [84, 91, sequence(memoryArgument, bytes(1))],
      [92, 93, memoryArgument],
      [94, 0x113, none],
    ),
  ],
  // Atomics
  [0xfe, table([0, 2, memoryArgument], [3, 3, bytes(1)], [0x10, 0x4e, memoryArgument])],
])
