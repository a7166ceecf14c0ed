// Invariant 10.
import { test } from "uvu"
import * as assert from "uvu/assert"
import { TimeShare } from "../../manager/sockets/time_share.js"
import { skipLoudly } from "../harness/skip.js"
import { isRoot, nobody } from "../harness/user.js"
import { asUser } from "./as_user.js"
import { RawClient } from "./raw_client.js"
import { type Serving, serveInTest } from "./serving.js"

const connections = 64
const framesEach = 100
/** Without its turn kept for others, all of the flood is taken in about as many. */
const rounds = 7

test("two fifths of the time, after a burst that is small", () => {
  let nowMs = 0
  const share = new TimeShare(() => nowMs)

  const burst = [share.spend(10), share.spend(10)]
  const beyond = share.spend(1)
  nowMs += 1_000
  const later = share.spend(1)

  assert.equal(burst, [0, 0])
  assert.is(beyond, 53)
  assert.is(later, 0)
})

/** Frames of the flood that were answered between one answer to somebody beside it and the next. */
async function takenBetween(manager: Serving, flooding: readonly RawClient[], beside: RawClient) {
  for (const client of [...flooding, beside]) await client.greet()
  for (let frame = 0; frame < framesEach; frame += 1) {
    for (const client of flooding) client.request({ type: "image", image: "none" })
  }
  const answered = () => flooding.reduce((sum, client) => sum + client.untaken, 0)
  const taken: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    const before = answered()
    beside.request({ type: "image", image: "none" })
    await beside.nextError("unknown_image")
    taken.push(answered() - before)
  }
  assert.is(manager.inspect.sessions().length, connections + 1)
  return taken.toSorted((one, other) => one - other)[Math.floor(rounds / 2)] ?? 0
}

test("another user is answered as if there was no flood over many connections", async () => {
  if (!isRoot) {
    skipLoudly("root", "two users are needed")
    return
  }
  const manager = await serveInTest()
  const flooding = Array.from({ length: connections }, () =>
    asUser({ uid: nobody }, () => new RawClient(manager.socket)),
  )
  const beside = new RawClient(manager.socket)

  const taken = await takenBetween(manager, flooding, beside)

  assert.ok(taken < 4 * connections, `${taken} frames of the flood before each answer`)
  for (const client of [...flooding, beside]) client.close()
  await manager.close()
})

test.run()
