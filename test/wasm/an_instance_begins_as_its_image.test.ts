import { test } from "uvu"
import * as assert from "uvu/assert"
import { buildImage, connect } from "../../client/index.js"
import { makeMemory } from "../client/wasm_memory.js"
import { startManager } from "../harness/manager.js"
import { globalSet, i32, type SmallExports, smallFunctions, storeByte } from "./code.js"
import { writeModule } from "./module_writer.js"

/** Its start function writes over the data segment and the global, `init` over another byte. */
const wasm = writeModule({
  memories: [{ initial: 2, maximum: 8, exportAs: "memory" }],
  globals: [{ type: "i32", isMutable: true, value: 7 }],
  data: [{ offset: 10, bytes: new Uint8Array([1, 2, 3]) }],
  functions: [
    ...smallFunctions,
    { code: [...i32(12), ...i32(77), ...storeByte, ...i32(9), ...globalSet(0)] },
  ],
  start: smallFunctions.length,
})
const init = ({ exports }: { exports: unknown }) => (exports as SmallExports).store(70_000, 5)

test("data, start function and init are in it, and none of them runs again", async () => {
  const manager = await startManager()
  const pager = await connect({ socket: manager.socket })
  const image = await buildImage(wasm, { init })

  const instance = await pager.instantiate<SmallExports & { memory: unknown }>(image)

  const { exports } = instance
  assert.equal([10, 11, 12, 70_000].map(exports.load), [1, 2, 77, 5])
  assert.is(exports.get(), 9)
  assert.is(instance.memory.buffer.byteLength, 2 * 65_536)
  assert.is(exports.memory, instance.memory)
  const names = smallFunctions.map(({ exportAs }) => exportAs)
  assert.equal(Object.keys(exports), [...names, "memory"], "ours are not shown")
  await instance.close()
  assert.throws(() => instance.exports, /closed/)
  await pager.close()
  await manager.stop()
})

for (const given of [false, true]) {
  test(`a memory that the module imports is ${given ? "taken as given" : "made"}`, async () => {
    const manager = await startManager()
    const pager = await connect({ socket: manager.socket })
    const imported = writeModule({
      memories: [{ initial: 1, maximum: 8, importAs: "memory" }],
      globals: [{ type: "i32", isMutable: true, value: 7 }],
      data: [{ offset: 10, bytes: new Uint8Array([1, 2, 3]) }],
      functions: smallFunctions,
    })
    const growOnce = ({ exports }: { exports: unknown }) => void (exports as SmallExports).grow(1)
    const image = await buildImage(imported, { init: growOnce })
    const memory = makeMemory({ initial: 1, maximum: 8 })

    const instance = await pager.instantiate<SmallExports>(image, given ? { env: { memory } } : {})

    assert.is(instance.memory === memory, given)
    assert.is(instance.memory.buffer.byteLength, 2 * 65_536)
    assert.is(instance.exports.load(11), 2)
    assert.is(instance.exports.grow(6), 2)
    const reset = await instance.reset().catch(({ message }) => message)
    assert.match(reset, given ? /it would share .* give imports as a function/ : "reinstantiated")
    await instance.close()
    await pager.close()
    await manager.stop()
  })
}

test.run()
