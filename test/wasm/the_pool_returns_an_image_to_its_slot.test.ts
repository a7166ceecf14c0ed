import { test } from "uvu"
import * as assert from "uvu/assert"
import type { Lease, WasmImage } from "../../client/index.js"
import type { SmallExports } from "./code.js"
import { smallImage } from "./small_image.js"
import { withPager } from "./test_bed.js"

test(
  "an image goes to the slot that ran it last, or an empty one, or the longest unused",
  withPager(async (pager) => {
    const [a, b, c] = await Promise.all([smallImage(1), smallImage(2), smallImage(3)])
    assert.ok(a && b && c)
    const pool = await pager.pool<SmallExports>([a, b, c], { slots: 2 })
    const slotOf = async (image: WasmImage, mark: number): Promise<number> => {
      const lease = await pool.take({ image })
      assert.is(lease.exports.load(0), mark)
      lease.exports.store(0, 99)
      await lease.release()
      return lease.slot
    }

    const first = await slotOf(a, 1)
    const second = await slotOf(b, 2)

    assert.is.not(second, first)
    assert.is(await slotOf(a, 1), first)
    assert.is(await slotOf(a, 1), first)
    assert.is(await slotOf(b, 2), second)
    assert.is(await slotOf(c, 3), first, "a was used longer ago than b")
    assert.is(await slotOf(b, 2), second)
    assert.is(await slotOf(a, 1), first)
    await pool.close()
  }),
)

test(
  "with every slot out, take() waits in line, and for as long as it was told",
  withPager(async (pager) => {
    const pool = await pager.pool<SmallExports>(await smallImage(1), { slots: 1, waitersMax: 2 })
    const held = await pool.take()
    const order: number[] = []
    const waitFor = (place: number) => (lease: Lease<SmallExports>) => {
      order.push(place)
      return lease
    }
    const first = pool.take().then(waitFor(1))
    const second = pool.take().then(waitFor(2))

    const oneTooMany = await pool.take().catch(({ code }) => code)
    await held.release()
    await (await first).release()
    const late = await pool.take({ timeoutMs: 5 }).catch(({ code }) => code)
    const aborted = new AbortController()
    const ended = pool.take({ signal: aborted.signal }).catch((reason) => reason)
    aborted.abort("enough")

    assert.is(oneTooMany, "busy")
    assert.is(late, "timed_out")
    assert.is(await ended, "enough")
    assert.equal(order, [1, 2])
    await (await second).release()
    await pool.close()
  }),
)

test(
  "close waits for leases, sends those in line away, and lends nothing any more",
  withPager(async (pager) => {
    const pool = await pager.pool<SmallExports>(await smallImage(1), { slots: 1 })
    const held = await pool.take()
    const inLine = pool.take().catch(({ code }) => code)
    let isClosed = false

    const closing = pool.close().then(() => {
      isClosed = true
    })

    assert.is(await inLine, "closed")
    assert.is(await pool.take().catch(({ code }) => code), "closed")
    assert.is(held.exports.load(0), 1, "a lease goes on")
    assert.not.ok(isClosed)
    await held.release()
    await closing
  }),
)

test(
  "whatever a released lease gave throws",
  withPager(async (pager) => {
    const pool = await pager.pool<SmallExports>(await smallImage(1), { slots: 1 })
    const lease = await pool.take()
    const { exports } = lease
    const { load } = exports
    assert.equal(Object.keys(exports).slice(0, 2), ["load", "store"])

    assert.is(await lease.release(), "in_place")
    const next = await pool.take()

    assert.throws(() => load(0), /lease of slot 0 was released/)
    assert.throws(() => exports.load, /released/)
    assert.throws(() => lease.exports, /released/)
    assert.throws(() => lease.memory, /released/)
    assert.is(await lease.release(), "in_place", "a second release is the first one")
    assert.is(next.exports.load(0), 1)
    await next.release()
    await pool.close()
  }),
)

test.run()
