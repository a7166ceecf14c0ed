import { copyFileSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { buildImage, connect, openImage } from "../../client/index.js"
import { startManager } from "../harness/manager.js"
import { scratchDirectory } from "../harness/scratch.js"
import type { SmallExports } from "./code.js"
import { smallFunctions } from "./code.js"
import { modes } from "./modes.js"
import type { GlobalSpec } from "./module_writer.js"
import { smallImage, smallModule } from "./small_image.js"
import { withPager } from "./test_bed.js"

const numbers: readonly GlobalSpec[] = [
  { type: "i32", isMutable: true, value: -7 },
  { type: "i64", isMutable: true, value: -(2n ** 63n), exportAs: "i64" },
  { type: "f32", isMutable: true, value: -0, exportAs: "f32" },
  { type: "f64", isMutable: true, value: Number.NEGATIVE_INFINITY, exportAs: "f64" },
  { type: "f64", isMutable: true, value: Number.NaN, exportAs: "nan" },
]

interface Numbers extends SmallExports {
  readonly [name: string]: { readonly value: unknown } | unknown
}

test(
  "memory, globals and module are the same after saving and opening, in every mode",
  withPager(async (pager) => {
    const built = await buildImage(smallModule({ globals: numbers, functions: smallFunctions }))
    const directory = join(scratchDirectory(), "new", "image")
    await built.save(directory)

    const opened = await openImage(directory)

    assert.equal(opened.description, JSON.parse(JSON.stringify(built.description)))
    assert.is(opened.name, built.name)
    assert.equal(opened.moduleBytes, built.moduleBytes)
    const { size, blocks } = statSync(join(directory, "memory"))
    assert.is(size, 4 * 65_536)
    assert.ok(blocks * 512 < size / 2, `${blocks} blocks: pages of zeros are holes`)
    for (const mode of modes) {
      const [one, other] = await Promise.all(
        [built, opened].map((image) => pager.instantiate<Numbers>(image, {}, { mode })),
      )
      assert.ok(one && other)
      const [bytes, otherBytes] = [one, other].map(({ memory }) => Buffer.from(memory.buffer))
      assert.ok(bytes && otherBytes?.equals(bytes))
      const globalValue = (exports: Numbers, name: string) =>
        (exports[name] as { value: unknown }).value
      for (const { exports } of [one, other]) {
        assert.is(exports.get(), -7)
        assert.is(globalValue(exports, "i64"), -(2n ** 63n))
        assert.ok(Object.is(globalValue(exports, "f32"), -0))
        assert.is(globalValue(exports, "f64"), Number.NEGATIVE_INFINITY)
        assert.ok(Number.isNaN(globalValue(exports, "nan")))
      }
      await Promise.all([one.close(), other.close()])
    }
  }),
)

test("a manager that serves the memory file itself is asked for it by name", async () => {
  const directory = scratchDirectory()
  await (await smallImage(9)).save(directory)
  const manager = await startManager({ images: { heap: join(directory, "memory") } })
  const pager = await connect({ socket: manager.socket })

  const image = await openImage(directory, { imageName: "heap" })
  const instance = await pager.instantiate<SmallExports>(image)

  assert.is(instance.exports.load(0), 9)
  const images = await manager.debug.get<{ name: string }[]>("/v1/images")
  assert.equal(
    images.map(({ name }) => name),
    ["heap"],
  )
  await pager.close()
  await manager.stop()
})

test("a damaged file is named, with what was found in it", async () => {
  const whole = scratchDirectory()
  await (await smallImage(9)).save(whole)
  const openDamaged = async (name: string, damage: (bytes: Buffer) => Buffer): Promise<string> => {
    const directory = scratchDirectory()
    for (const file of ["memory", "module.wasm", "image.json"]) {
      copyFileSync(join(whole, file), join(directory, file))
    }
    const path = join(directory, name)
    writeFileSync(path, damage(readFileSync(path)))
    return await openImage(directory).then(
      () => "opened",
      ({ code, message }) => `${code}: ${message}`,
    )
  }
  const flip = (bytes: Buffer): Buffer => {
    bytes[100] = (bytes[100] ?? 0) ^ 1
    return bytes
  }
  const replace = (from: string, to: string) => (bytes: Buffer) =>
    Buffer.from(bytes.toString().replace(from, to))

  const shorter = await openDamaged("memory", (bytes) => bytes.subarray(0, -4_096))
  assert.match(shorter, /^bad_image: .*memory has 258048 bytes, wanted 262144/)
  assert.match(await openDamaged("memory", flip), /^bad_image: .*memory has sha256 .*, wanted/)
  assert.match(await openDamaged("module.wasm", flip), /^bad_image: .*module.wasm has sha256/)
  assert.match(await openDamaged("image.json", replace("{", "")), /image.json is not JSON/)
  const newer = await openDamaged("image.json", replace('"version": 1', '"version": 2'))
  assert.match(newer, /^bad_image: .*image.json is not a description: version: /)
})

test.run()
