import { test } from "uvu"
import * as assert from "uvu/assert"
import { connect } from "../../client/index.js"
import type { SmallExports } from "./code.js"
import { smallImage } from "./small_image.js"
import { withPager } from "./test_bed.js"

test(
  "two pagers share one, and either goes on when the other that published it has gone",
  withPager(async (pager, manager) => {
    const image = await smallImage(9)
    const other = await connect({ socket: manager.socket })
    const imageNames = async (): Promise<string[]> =>
      (await manager.debug.get<{ name: string }[]>("/v1/images")).map(({ name }) => name)
    const first = await other.instantiate<SmallExports>(image)
    const published = await imageNames()

    const [second, third] = await Promise.all([
      pager.instantiate<SmallExports>(image),
      pager.instantiate<SmallExports>(image),
    ])
    assert.equal(await imageNames(), published)
    assert.is(published.length, 1)
    assert.match(published[0] ?? "", /^u\d+\/wasm\/[0-9a-f]{32}$/)
    await first.close()
    await other.close()
    assert.equal(await imageNames(), [])
    const fourth = await pager.instantiate<SmallExports>(image)

    assert.equal(await imageNames(), published)
    for (const { exports } of [second, third, fourth]) assert.is(exports.load(0), 9)
  }),
)

test.run()
