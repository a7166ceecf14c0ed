import { test } from "uvu"
import * as assert from "uvu/assert"
import { buildImage, connect } from "../../client/index.js"
import { makeMemory } from "../client/wasm_memory.js"
import { startManager } from "../harness/manager.js"
import type { SmallExports } from "./code.js"
import { smallImage, smallModule } from "./small_image.js"
import { withPager } from "./test_bed.js"

// No call waits for another manager.
process.env.PAGERD_WAIT_MS = "0"

test("without its manager a pool discards what it cannot reset, and says who is gone", async () => {
  const manager = await startManager()
  const pager = await connect({ socket: manager.socket })
  const image = await smallImage(9)
  const pool = await pager.pool<SmallExports>(image, { slots: 2, mode: "copy" })
  const lease = await pool.take()
  assert.is(lease.exports.load(0), 9)
  await manager.kill()

  const released = await lease.release()
  const refused = await pool.take().catch(({ code }) => code)
  const refusedAgain = await pool.take().catch(({ code }) => code)

  assert.is(released, "discarded")
  assert.is(refused, "manager_gone")
  assert.is(refusedAgain, "manager_gone", "the slot was given back")
  await pool.close()
  await pager.close()
})

test(
  "imports that cannot be made fail that take(), and the slot is free for the next",
  withPager(async (pager) => {
    const imported = { initial: 4, maximum: 64, importAs: "memory" }
    const image = await buildImage(smallModule({ memories: [imported] }))
    const calls: number[] = []
    const pool = await pager.pool<SmallExports>(image, {
      slots: 1,
      imports: (slot) => {
        calls.push(slot)
        if (calls.length === 1) throw new Error("no imports today")
        return { env: { memory: makeMemory({ initial: 4, maximum: 64 }) } }
      },
    })

    const refused = await pool.take().catch(({ message }) => message)
    const lease = await pool.take()
    lease.exports.grow(1)

    assert.is(refused, "no imports today")
    assert.is(await lease.release(), "reinstantiated", "with a memory of its own")
    assert.equal(calls, [0, 0, 0])
    await pool.close()
  }),
)

test.run()
