import fc from "fast-check"
import { constant, type GlobalSpec, type ModuleSpec, type NumericType } from "./module_writer.js"

/**
 * Random modules as bytes can make them, and calls of their functions. Every function takes an i32,
 * which it adds to its addresses, and gives an i64 that depends on everything it read.
 */
export interface RandomModule {
  readonly spec: ModuleSpec
  /** Functions are exported as f0, f1 ...; one that reads globals and table as `state`. */
  readonly functions: number
  /** Its code can do what is refused of code that init runs. */
  readonly hidesEffects: boolean
}

export interface Call {
  readonly name: string
  readonly argument: number
}

const wasmPage = 65_536
const tableNulls = 2

type Code = readonly number[]

/** argument (local 0) + address */
const at = (address: number): Code => [...constant("i32", address), 0x20, 0, 0x6a]

/** result (local 1) = rotl(result, 1) xor value */
const fold = (value: Code): Code => [0x20, 1, ...constant("i64", 1), 0x89, ...value, 0x85, 0x21, 1]

/** From a number on the stack to an i64 of its bits. */
const toI64: Readonly<Record<NumericType, Code>> = {
  i32: [0xad],
  i64: [],
  f32: [0xbc, 0xad],
  f64: [0xbd],
}

const loads: Readonly<Record<NumericType, number>> = { i32: 0x28, i64: 0x29, f32: 0x2a, f64: 0x2b }
const stores: Readonly<Record<NumericType, number>> = { i32: 0x36, i64: 0x37, f32: 0x38, f64: 0x39 }

const type = fc.constantFrom<NumericType>("i32", "i64", "f32", "f64")

const anyOf = (of: NumericType): fc.Arbitrary<number | bigint> => {
  if (of === "i32") return fc.integer()
  if (of === "i64") return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
  return of === "f32" ? fc.float() : fc.double()
}

const number = type.chain((of) => anyOf(of).map((value) => ({ of, value })))

/** Mostly inside, often at the edge of a page, now and then beyond the end. */
const addressIn = (pages: number): fc.Arbitrary<number> =>
  fc.oneof(
    { weight: 4, arbitrary: fc.nat(pages * wasmPage - 16) },
    {
      weight: 4,
      arbitrary: fc
        .tuple(fc.nat(pages * 16), fc.integer({ min: -8, max: 8 }))
        .map(([page, by]) => Math.max(0, page * 4_096 + by)),
    },
    { weight: 1, arbitrary: fc.integer({ min: pages * wasmPage - 8, max: 2 ** 31 - 1 }) },
  )

const lengthBytes = fc.oneof(fc.nat(64), fc.nat(20_000))

/** What the code can change that only a new instance puts back. */
type Hidden = "nothing" | "tables" | "segments"

interface Surroundings {
  readonly pages: number
  readonly globals: readonly GlobalSpec[]
  readonly functions: number
  /** The function that the code is of. It calls only those before it, so every call ends. */
  readonly self: number
  readonly hidden: Hidden
  readonly passiveSegment: number
}

function memoryCode({ pages }: Surroundings): fc.Arbitrary<Code>[] {
  const address = addressIn(pages)
  const pageCount = fc.oneof(fc.nat(2), fc.constant(70_000))
  return [
    fc.tuple(type, address).map(([of, from]) => fold([...at(from), loads[of], 0, 0, ...toI64[of]])),
    fc
      .tuple(number, address)
      .map(([{ of, value }, to]) => [...at(to), ...constant(of, value), stores[of], 0, 0]),
    fc
      .tuple(address, fc.nat(255), lengthBytes)
      .map(([to, byte, length]) => [
        ...at(to),
        ...constant("i32", byte),
        ...constant("i32", length),
        ...[0xfc, 11, 0],
      ]),
    fc
      .tuple(address, address, lengthBytes)
      .map(([to, from, length]) => [
        ...at(to),
        ...at(from),
        ...constant("i32", length),
        ...[0xfc, 10, 0, 0],
      ]),
    pageCount.map((count) => fold([...constant("i32", count), 0x40, 0, ...toI64.i32])),
    fc.constant(fold([0x3f, 0, ...toI64.i32])),
  ]
}

function globalCode({ globals }: Surroundings): fc.Arbitrary<Code>[] {
  return globals.flatMap((global, index) => {
    const of = global.type as NumericType
    const reads = fc.constant(fold([0x23, index, ...toI64[of]]))
    const writes = anyOf(of).map((value): Code => [...constant(of, value), 0x24, index])
    return global.isMutable ? [reads, writes] : [reads]
  })
}

function callCode({ functions, self, hidden, passiveSegment: segment }: Surroundings) {
  const entries = [...Array(self).keys(), ...Array(tableNulls + 1).keys()].map((entry, position) =>
    position < self ? entry : functions + entry,
  )
  const codes: fc.Arbitrary<Code>[] = [
    fc
      .constantFrom(...entries)
      .map((entry) => fold([0x20, 0, ...constant("i32", entry), 0x11, self, 0])),
  ]
  if (hidden === "tables") {
    const setsEntry = (entry: number): Code => [...constant("i32", entry), 0xd0, 0x70, 0x26, 0]
    codes.push(fc.nat(functions - 1).map(setsEntry))
  }
  if (hidden !== "segments") return codes
  codes.push(fc.constant([0xfc, 9, segment]))
  // Those before it are active: they have been dropped from the beginning.
  const any = fc.oneof(fc.constant(segment), fc.nat(segment))
  const initialises = fc
    .tuple(any, fc.nat(9_000), fc.nat(3), fc.nat(3))
    .map(([of, to, from, length]) => [
      ...at(to),
      ...constant("i32", from),
      ...constant("i32", length),
      ...[0xfc, 8, of, 0],
    ])
  return [...codes, initialises]
}

const body = (around: Surroundings): fc.Arbitrary<Code> =>
  fc
    .array(
      fc.oneof(
        { weight: 6, arbitrary: fc.oneof(...memoryCode(around)) },
        { weight: 3, arbitrary: fc.oneof(...globalCode(around)) },
        {
          weight: around.hidden === "nothing" ? 2 : 8,
          arbitrary: fc.oneof(...callCode(around)),
        },
      ),
      { minLength: 1, maxLength: 8 },
    )
    .chain((codes) => fc.nat(9).map((dice) => [...codes.flat(), ...(dice === 0 ? [0x00] : [])]))
    .map((code) => [...code, 0x20, 1])

const globalSpec: fc.Arbitrary<GlobalSpec> = fc
  .tuple(number, fc.boolean(), fc.boolean())
  .map(([{ of, value }, isMutable, isExported]) => ({ type: of, isMutable, value, isExported }))
  .map(({ isExported, ...spec }) => (isExported ? { ...spec, exportAs: "?" } : spec))

const bytes = fc
  .tuple(fc.integer({ min: 1, max: 9_000 }), fc.nat(255))
  .map(([length, first]) => Uint8Array.from({ length }, (_, index) => (index * first + 1) & 0xff))

const shape = fc.record({
  pages: fc.integer({ min: 1, max: 3 }),
  room: fc.option(fc.nat(3), { nil: undefined }),
  isMemoryExported: fc.boolean(),
  globals: fc.array(globalSpec, { minLength: 1, maxLength: 5 }),
  data: fc.array(fc.tuple(fc.nat(wasmPage - 9_000), bytes), { maxLength: 4 }),
  functions: fc.integer({ min: 1, max: 3 }),
  hasStart: fc.boolean(),
  hidden: fc.constantFrom<Hidden>("nothing", "nothing", "nothing", "tables", "segments"),
})

export const randomModule: fc.Arbitrary<RandomModule> = shape.chain((drawn) => {
  const { pages, room, functions, hidden } = drawn
  const hidesEffects = hidden !== "nothing"
  const globals = drawn.globals.map((spec, index) =>
    spec.exportAs === undefined ? spec : { ...spec, exportAs: `g${index}` },
  )
  const data = drawn.data.map(([offset, content]) => ({ offset, bytes: content }))
  const around = { pages, globals, functions, hidden, passiveSegment: data.length }
  const bodies = fc.tuple(
    ...Array.from({ length: functions }, (_, self) => body({ ...around, self })),
  )
  return bodies.map((codes): RandomModule => {
    const readsGlobals = globals.flatMap((spec, index) =>
      fold([0x23, index, ...toI64[spec.type as NumericType]]),
    )
    const readsTable = codes.flatMap((_, index) =>
      fold([...constant("i32", index), 0x25, 0, 0xd1, ...toI64.i32]),
    )
    const signature = { parameters: ["i32"], results: ["i64"], locals: ["i64"] } as const
    // It ends in an unreachable now and then, which a start function must not do.
    const starts = { code: [...constant("i32", 40_000), ...constant("i32", 11), 0x36, 0, 0] }
    const spec: ModuleSpec = {
      memories: [
        {
          initial: pages,
          maximum: room === undefined ? undefined : pages + room,
          ...(drawn.isMemoryExported ? { exportAs: "memory" } : {}),
        },
      ],
      globals,
      data: hidesEffects ? [...data, { bytes: Uint8Array.of(9, 8, 7, 6, 5) }] : data,
      table: { initial: functions + tableNulls },
      elements: [...Array(functions).keys()],
      functions: [
        ...codes.map((code, index) => ({ ...signature, code, exportAs: `f${index}` })),
        { ...signature, code: [...readsGlobals, ...readsTable, 0x20, 1], exportAs: "state" },
        starts,
      ],
      ...(drawn.hasStart && !hidesEffects ? { start: functions + 1 } : {}),
    }
    return { spec, functions, hidesEffects }
  })
})

export const callsOf = ({ functions }: RandomModule): fc.Arbitrary<Call[]> =>
  fc.array(
    fc.record({
      name: fc.nat(functions - 1).map((index) => `f${index}`),
      argument: fc.oneof(fc.constant(0), fc.nat(100), fc.nat(70_000), fc.integer()),
    }),
    { minLength: 1, maxLength: 10 },
  )
