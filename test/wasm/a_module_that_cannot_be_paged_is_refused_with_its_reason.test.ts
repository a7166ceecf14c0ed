import { test } from "uvu"
import * as assert from "uvu/assert"
import { type BuildOptions, buildImage } from "../../client/index.js"
import type { SmallExports } from "./code.js"
import { smallModule } from "./small_image.js"
import { withPager } from "./test_bed.js"

async function refusal(wasm: Uint8Array, options?: BuildOptions): Promise<string> {
  return await buildImage(wasm, options).then(
    () => "none",
    ({ code, message }) => `${code}: ${message}`,
  )
}

const memory = (flags: number) => smallModule({ memories: [{ initial: 4, maximum: 9, flags }] })
const dropping = smallModule({
  functions: [{ code: [0xfc, 9, 0], exportAs: "drop" }],
})
const withTable = smallModule({ table: { initial: 2, exportAs: "table" }, elements: [0] })
const plain = smallModule()

const modules: readonly [reason: RegExp, wasm: Uint8Array, options?: BuildOptions][] = [
  [/^unsupported_module: .* no memory/, smallModule({ memories: [], data: [], functions: [] })],
  [/^unsupported_module: .* shared between threads/, memory(2)],
  [/^unsupported_module: .* 64-bit addresses/, memory(4)],
  [
    /^unsupported_module: .* 2 memories, wanted one/,
    smallModule({ memories: [{ initial: 1 }, { initial: 1 }] }),
  ],
  [
    /^unsupported_module: .* mutable global 0 is a v128/,
    smallModule({ functions: [], globals: [{ type: "v128", isMutable: true }] }),
  ],
  [/^unsupported_module: .* drop segments .* init did so/, dropping, { init: () => {} }],
  [/^unsupported_image: .* is empty/, smallModule({ memories: [{ initial: 0 }], data: [] })],
  [
    /^unsupported_image: .* table 0 has another entry 1/,
    withTable,
    {
      init: ({ exports }) => {
        const { table, load } = exports as { table: Map<number, unknown>; load: unknown }
        table.set(1, load)
      },
    },
  ],
  [
    /^unsupported_image: .* table 0 has 3 entries and had 2/,
    withTable,
    { init: ({ exports }) => void (exports as { table: SmallExports }).table.grow(1) },
  ],
  [
    /^unsupported_image: .* global 0 is another reference/,
    smallModule({
      functions: [],
      globals: [{ type: "externref", isMutable: true, exportAs: "held" }],
    }),
    {
      init: ({ exports }) => {
        ;(exports as { held: { value: unknown } }).held.value = {}
      },
    },
  ],
  [/^bad_module: .* found 0x2 at byte 4, wanted version 1/, plain.with(4, 2)],
  [/^bad_module: .* found 0x57 at byte 1, wanted the start/, plain.with(1, 0x57)],
  [/^bad_module: .* found the end after \d+ bytes at byte \d+, wanted/, plain.subarray(0, -1)],
]

for (const [reason, wasm, options] of modules) {
  test(`${reason}`, async () => {
    assert.match(await refusal(wasm, options), reason)
  })
}

test(
  "an import that is another number than the image was built with is refused",
  withPager(async (pager) => {
    const base = { type: "i32", isMutable: false, importAs: "base" } as const
    const wasm = smallModule({ globals: [base, { type: "i32", isMutable: true }], functions: [] })
    const image = await buildImage(wasm, { imports: { env: { base: 1_024 } } })

    const refused = await pager
      .instantiate(image, { env: { base: 2_048 } })
      .catch(({ message }) => message)
    const instance = await pager.instantiate(image, { env: { base: 1_024 } })

    assert.is(refused, "The import env.base is 2048, and was 1024 when the image was built")
    await instance.close()
  }),
)

test.run()
