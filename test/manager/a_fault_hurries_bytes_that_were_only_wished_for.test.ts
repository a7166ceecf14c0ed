import { test } from "uvu"
import * as assert from "uvu/assert"
import { startCClient } from "../harness/c_client.js"
import { GatedSource } from "../harness/gated_source.js"
import { patternBytes } from "../harness/pattern.js"
import { retryUntil } from "../harness/retry.js"
import { FillQuestions, page } from "./fill_questions.js"
import { serveInTest } from "./serving.js"

const isBulk = false
/** In which what the engine has told of until now is heard. */
const eventLoopTurn = () => new Promise(setImmediate)

test("a fill that is raised goes ahead of bulk that came before it", async () => {
  const source = new GatedSource(64 * page, 1)
  const questions = new FillQuestions(source, { readsInFlightMax: 1 })
  questions.ask(0, 1, isBulk)
  const first = await source.nextRead()
  questions.ask(10, 1, isBulk)
  const wanted = questions.ask(20, 1, isBulk)

  questions.queue.raise(wanted)
  first.release()

  const second = await source.nextRead()
  assert.is(second.offset, 20 * page)
  second.release()
  const third = await source.nextRead()
  assert.is(third.offset, 10 * page)
  questions.queue.close()
})

test("a fault within a long prefault is read for at once", async () => {
  const slice = 256 * 1024
  const source = new GatedSource(16 * slice, 1)
  const sources = { readsInFlightMax: 1, readBytesMax: slice }
  const manager = await serveInTest({ images: { lazy: source }, config: { sources } })
  const patient = await startCClient(manager.socket)
  const hasty = await startCClient(manager.socket)
  await patient.map("lazy")
  await hasty.map("lazy")
  const prefaulted = patient.prefault(1, 0, 0)
  const first = await source.nextRead()

  const fault = await hasty.parkFault(1, 6 * slice)
  await retryUntil("that the engine has read it", 5_000, () => {
    return manager.inspect.sessions().some(({ pending_faults }) => pending_faults > 0)
  })
  await eventLoopTurn()
  first.release()

  // Reading it comes shortly before telling of it: one slice may slip through between them.
  let next = await source.nextRead()
  if (next.offset === slice) {
    await eventLoopTurn()
    next.release()
    next = await source.nextRead()
  }
  assert.is(next.offset, 6 * slice)
  next.release()
  assert.is(await fault.byte, patternBytes(1, 6 * slice, 8)[0])
  source.open()
  await prefaulted
  await patient.stop()
  await hasty.stop()
  await manager.close()
})

test.run()
