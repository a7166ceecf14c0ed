import { readFileSync } from "node:fs"
import { join } from "node:path"
import fc from "fast-check"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { PagerdError } from "../../client/index.js"
import { exposeState, PrivateNames, stripModule } from "../../client/wasm/binary/rewrite.js"
import { readShape } from "../../client/wasm/binary/shape.js"
import { webAssembly } from "../../client/wasm/webassembly.js"
import { repository } from "../harness/repository.js"
import { writeModule } from "./module_writer.js"
import { randomModule } from "./random_module.js"
import { smallModule } from "./small_image.js"

const seed = Number(process.env.PAGERD_SEED ?? Date.now() % 2 ** 31)
console.log(`PAGERD_SEED=${seed}`)

/** Reads and rewrites it; true when it could. */
function isRead(bytes: Uint8Array): boolean {
  try {
    const shape = readShape(bytes)
    stripModule(readShape(exposeState(shape, PrivateNames.for(shape))), 1)
    return true
  } catch (error) {
    if (!(error instanceof PagerdError)) throw error
    assert.is(error.code, "bad_module")
    assert.match(error.message, /found .+ at byte \d+, wanted .+/)
    return false
  }
}

test("random bytes, also behind the head of a module", () => {
  const head = fc.constantFrom([], [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0])
  fc.assert(
    fc.property(head, fc.uint8Array({ maxLength: 200 }), (start, rest) => {
      isRead(Uint8Array.of(...start, ...rest))
    }),
    { numRuns: 20_000, seed },
  )
})

test("modules with bytes changed, taken out or cut off", () => {
  const whole = randomModule.map(({ spec }) => writeModule({ ...spec, data: [] }))
  let read = 0
  fc.assert(
    fc.property(
      whole,
      fc.array(fc.tuple(fc.nat(), fc.nat(255))),
      fc.nat(),
      (wasm, changes, cut) => {
        assert.ok(isRead(wasm))
        const changed = wasm.slice(0, cut % 3 === 0 ? cut % wasm.length : wasm.length)
        for (const [at, byte] of changes) changed[at % changed.length] = byte
        if (isRead(changed)) read += 1
      },
    ),
    { numRuns: 3_000, seed },
  )
  assert.ok(read > 0 && read < 3_000, `${read} of 3000 could be read`)
})

test("what V8 takes is never refused, whatever is changed", async () => {
  const wasm = smallModule()
  for (let at = 8; at < 200; at += 1) {
    for (const byte of [0, 1, 2, 0x0b, 0x7f, 0x80, 0xff]) {
      const changed = wasm.slice()
      changed[at] = byte
      const isValid = await webAssembly.compile(changed).then(
        () => true,
        () => false,
      )
      assert.ok(!isValid || isRead(changed), `byte ${at} as ${byte}`)
    }
  }
})

test("every instruction of real modules is known", async () => {
  const files = [
    "@sqlite.org/sqlite-wasm/sqlite-wasm/jswasm/sqlite3.wasm",
    "@jitl/quickjs-wasmfile-release-sync/dist/emscripten-module.wasm",
    "pyodide/pyodide.asm.wasm",
  ]
  for (const file of files) {
    const path = join(repository, "node_modules", file)
    const shape = readShape(readFileSync(path))
    assert.is(shape.effects.unknown, undefined, file)
    const exposed = exposeState(shape, PrivateNames.for(shape))
    const pages = shape.memories[0]?.initial ?? 0
    await webAssembly.compile(exposed)
    await webAssembly.compile(stripModule(readShape(exposed), pages))
  }
})

test.run()
