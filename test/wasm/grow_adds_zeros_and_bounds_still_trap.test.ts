import { test } from "uvu"
import * as assert from "uvu/assert"
import type { SmallExports } from "./code.js"
import { modes } from "./modes.js"
import { dataBytes, dataOffset, smallImage } from "./small_image.js"
import { withPager } from "./test_bed.js"

const imageBytes = 4 * 65_536
const maximum = 64

for (const mode of modes) {
  test(
    `${mode}: what is added is zeros and can be written, the image stays`,
    withPager(async (pager) => {
      const instance = await pager.instantiate<SmallExports>(await smallImage(9), {}, { mode })
      const { load, store, grow } = instance.exports
      store(imageBytes - 1, 3)

      assert.is(grow(2), 4)

      const bytes = new Uint8Array(instance.memory.buffer)
      assert.is(bytes.length, 6 * 65_536)
      assert.is(
        Buffer.from(bytes.subarray(imageBytes)).findIndex((byte) => byte !== 0),
        -1,
      )
      store(bytes.length - 1, 8)
      assert.is(bytes.at(-1), 8)
      assert.is(load(0), 9)
      assert.is(load(imageBytes - 1), 3)
      assert.equal(bytes.slice(dataOffset, dataOffset + dataBytes.length), dataBytes)
      assert.is(instance.memory.grow(1), 6, "JavaScript can grow it too")
      assert.is(grow(maximum), -1, "and not above its maximum")
      await instance.close()
    }),
  )

  test(
    `${mode}: an address beyond the end traps, before and after growing`,
    withPager(async (pager) => {
      const instance = await pager.instantiate<SmallExports>(await smallImage(), {}, { mode })
      const { load, store, grow } = instance.exports
      const isOutOfBounds = (error: Error) =>
        error.name === "RuntimeError" && error.message === "memory access out of bounds"

      assert.throws(() => load(imageBytes), isOutOfBounds)
      assert.throws(() => store(-1, 1), isOutOfBounds)
      grow(1)
      assert.is(load(imageBytes), 0)
      assert.throws(() => load(imageBytes + 65_536), isOutOfBounds)
      await instance.close()
    }),
  )
}

test.run()
