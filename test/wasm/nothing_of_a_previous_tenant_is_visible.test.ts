// Invariant 15.
import { test } from "uvu"
import * as assert from "uvu/assert"
import { buildImage, type Mode } from "../../client/index.js"
import type { SmallExports } from "./code.js"
import { modes } from "./modes.js"
import { dataBytes, dataOffset, smallImage, smallModule } from "./small_image.js"
import { withPager } from "./test_bed.js"

/** Every byte of the memory that is not as in the image. */
function strayBytes(memory: { readonly buffer: ArrayBuffer | SharedArrayBuffer }, mark: number) {
  const found = new Uint8Array(memory.buffer).slice()
  const wanted = new Uint8Array(4 * 65_536)
  wanted[0] = mark
  wanted.set(dataBytes, dataOffset)
  assert.is(found.length, wanted.length)
  return found.findIndex((byte, index) => byte !== wanted[index])
}

const lend = (mode: Mode) =>
  withPager(async (pager) => {
    const pool = await pager.pool<SmallExports>(await smallImage(1), { slots: 1, mode })
    const tenants: [kind: string, act: (exports: SmallExports, bytes: Uint8Array) => void][] = [
      ["in_place", (_, bytes) => bytes.fill(0xee)],
      ["in_place", (exports) => exports.set(5)],
      ["in_place", (exports) => assert.throws(() => exports.setThenTrap(6), /unreachable/)],
      ["in_place", (exports) => assert.throws(() => exports.store(4 * 65_536, 1), /out of bounds/)],
      ["reinstantiated", (exports) => exports.grow(2)],
      ["in_place", () => {}],
    ]

    for (const [kind, act] of tenants) {
      const lease = await pool.take()
      act(lease.exports, new Uint8Array(lease.memory.buffer))
      assert.is(await lease.release(), kind, `${act}`)

      const next = await pool.take()
      assert.is(strayBytes(next.memory, 1), -1, `${act}`)
      assert.is(next.exports.get(), 7)
      await next.release()
    }
    await pool.close()
  })

for (const mode of modes) test(`in mode ${mode}`, lend(mode))

interface WithTable extends SmallExports {
  readonly table: { set(index: number, entry: null): void; get(index: number): unknown }
}

test(
  "a table that a tenant took is another one for the next",
  withPager(async (pager) => {
    const image = await buildImage(
      smallModule({ table: { initial: 2, exportAs: "table" }, elements: [0, 3] }),
    )
    const instance = await pager.instantiate<WithTable>(image)
    assert.equal(Object.keys(instance.exports).slice(-1), ["table"])
    assert.is(await instance.reset(), "in_place")

    instance.exports.table.set(0, null)

    assert.is(await instance.reset(), "reinstantiated")
    assert.is(instance.exports.table.get(0), instance.exports.load)
    await instance.close()
  }),
)

test(
  "code that can change a table, or drop a segment, makes every reset a new instance",
  withPager(async (pager) => {
    const table = { initial: 2 }
    const setsEntry = { code: [0x41, 0, 0xd0, 0x70, 0x26, 0], exportAs: "act" }
    const dropsData = { code: [0xfc, 9, 1], exportAs: "act" }
    const passive = { bytes: dataBytes }
    const active = { offset: dataOffset, bytes: dataBytes }
    const modules = [
      smallModule({ table, functions: [setsEntry] }),
      smallModule({ functions: [dropsData], data: [active, passive] }),
    ]

    for (const wasm of modules) {
      const instance = await pager.instantiate<{ act(): void }>(await buildImage(wasm))
      instance.exports.act()
      assert.is(await instance.reset(), "reinstantiated")
      assert.is(strayBytes(instance.memory, 0), -1)
      await instance.close()
    }
  }),
)

test.run()
