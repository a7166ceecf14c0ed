import { test } from "uvu"
import * as assert from "uvu/assert"
import { buildImage } from "../../client/index.js"
import { readShape } from "../../client/wasm/binary/shape.js"
import { dataBytes, smallModule } from "./small_image.js"

const nullFunction = [0xd0, 0x70]
const zero = [0x41, 0]
const zeros = [...zero, ...zero, ...zero]
const table = { initial: 2 }
const data = [{ bytes: dataBytes }]

const changesTables: readonly [name: string, code: readonly number[]][] = [
  ["table.set", [...zero, ...nullFunction, 0x26, 0]],
  ["table.init", [...zeros, 0xfc, 12, 0, 0]],
  ["table.copy", [...zeros, 0xfc, 14, 0, 0]],
  ["table.grow", [...nullFunction, ...zero, 0xfc, 15, 0, 0x1a]],
  ["table.fill", [...zero, ...nullFunction, ...zero, 0xfc, 17, 0]],
]

const dropsSegments: readonly [name: string, code: readonly number[]][] = [
  ["data.drop", [0xfc, 9, 0]],
  ["elem.drop", [0xfc, 13, 0]],
]

/** Nothing of theirs outlives a reset of memory and globals. */
const harmless: readonly [name: string, code: readonly number[]][] = [
  ["table.get", [...zero, 0x25, 0, 0x1a]],
  ["table.size", [0xfc, 16, 0, 0x1a]],
  ["memory.init", [...zeros, 0xfc, 8, 0, 0]],
  ["memory.grow", [...zero, 0x40, 0, 0x1a]],
  ["memory.fill", [...zeros, 0xfc, 11, 0]],
  // Bytes of a constant that look like table.set, within blocks, and a SIMD shuffle of them.
  ["constants", [0x02, 0x40, 0x42, 0xa6, 0x26, 0x1a, 0x43, 0x26, 0, 0x26, 0, 0x1a, 0x0b]],
  ["v128.const", [0xfd, 12, ...Array<number>(16).fill(0x26), 0x1a]],
  ["br_table", [0x02, 0x40, ...zero, 0x0e, 2, 0, 0, 0, 0x0b]],
  ["select of a type", [...nullFunction, ...nullFunction, ...zero, 0x1c, 1, 0x70, 0x1a]],
]

async function obstacleOf(code: readonly number[]): Promise<string | undefined> {
  const wasm = smallModule({ table, elements: [0], data, functions: [{ code }] })
  return (await buildImage(wasm)).description.not_in_place
}

for (const [name, code] of changesTables) {
  test(`${name} can change a table`, async () => {
    assert.is(await obstacleOf(code), "its code can change tables")
  })
}

for (const [name, code] of dropsSegments) {
  test(`${name} can drop a segment`, async () => {
    assert.is(await obstacleOf(code), "its code can drop segments")
  })
}

for (const [name, code] of harmless) {
  test(`${name} leaves nothing that a reset in place does not undo`, async () => {
    assert.is(await obstacleOf(code), undefined)
  })
}

test("an instruction that is not known may do anything", () => {
  const { effects } = readShape(smallModule({ functions: [{ code: [0xfb, 0x1c, 0x1a] }] }))

  assert.is(effects.unknown, "0xfb")
})

test("an imported table is not ours to put back", async () => {
  const wasm = smallModule({ table: { ...table, importAs: "table" } })
  const { WebAssembly } = globalThis as unknown as {
    WebAssembly: { Table: new (type: { element: string; initial: number }) => object }
  }
  const given = new WebAssembly.Table({ element: "anyfunc", initial: 2 })

  const image = await buildImage(wasm, { imports: { env: { table: given } } })

  assert.is(image.description.not_in_place, "it imports a table")
})

test.run()
