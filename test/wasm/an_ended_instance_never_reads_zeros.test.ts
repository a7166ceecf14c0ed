import { test } from "uvu"
import * as assert from "uvu/assert"
import { runToItsEnd } from "../client/crashing_child.js"
import type { SmallExports } from "./code.js"
import { modes } from "./modes.js"
import { smallImage } from "./small_image.js"
import { withPager } from "./test_bed.js"

for (const mode of modes) {
  test(
    `${mode}: exports that were kept past the end trap, or end the process`,
    withPager(async (pager, manager) => {
      const image = await smallImage(9)
      const instance = await pager.instantiate<SmallExports>(image, {}, { mode })
      const closed = instance.exports
      await instance.close()
      const other = await pager.instantiate<SmallExports>(image, {}, { mode })
      const replaced = other.exports
      replaced.grow(1)
      assert.is(await other.reset(), "reinstantiated")

      const { signal, stdout } = runToItsEnd(
        "../wasm/closed_instance_child.js",
        manager.socket,
        mode,
      )

      assert.throws(() => closed.load(0), /out of bounds/)
      assert.throws(() => replaced.load(0), /out of bounds/)
      assert.is(other.exports.load(0), 9)
      assert.is(stdout, "before: 9\ngrown from 4\n")
      assert.is(signal, "SIGBUS")
    }),
  )
}

test.run()
