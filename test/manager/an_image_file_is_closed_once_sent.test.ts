// Invariant 4.
import { Packr } from "msgpackr"
import { test } from "uvu"
import * as assert from "uvu/assert"
import type { Sent } from "../../manager/sockets/native.js"
import { Outbox } from "../../manager/sockets/outbox.js"
import { startManager } from "../harness/manager.js"
import { descriptorTargets } from "../harness/observed_process.js"
import { patternFile } from "../harness/pattern.js"
import { retryUntil } from "../harness/retry.js"
import { RawClient } from "./raw_client.js"

const packr = new Packr({ useRecords: false })
const ask = { type: "image", image: "model", modes: ["share"] }

/** Files of images that the manager holds: its own of each, and those on their way. */
const imageFiles = (pid: number): number =>
  descriptorTargets(pid).filter(({ target }) => target.startsWith("/memfd:pagerd-image")).length

test("to clients that read, that do not read, and that go meanwhile", async () => {
  const manager = await startManager({ images: { model: patternFile(4096, 1) } })
  const before = imageFiles(manager.pid)
  assert.ok(before > 0)

  const reader = new RawClient(manager.socket)
  await reader.greet()
  for (let asked = 0; asked < 100; asked += 1) reader.request(ask)
  for (let asked = 0; asked < 100; asked += 1) {
    assert.is((await reader.next("image_found")).descriptorsReceived, 1)
  }
  const afterReader = imageFiles(manager.pid)
  const deaf = new RawClient(manager.socket)
  await deaf.greet()
  deaf.stopReading()
  const request = packr.pack({ ...ask, request: 1 })
  const waiting = await retryUntil("files that wait", 20_000, () => {
    // So few that they do not pass the most that may wait between two looks.
    for (let sent = 0; sent < 4; sent += 1) deaf.trySend(request)
    return imageFiles(manager.pid) > before
  })
  deaf.close()

  assert.is(afterReader, before)
  assert.ok(waiting)
  await retryUntil("those closed", 5_000, () => imageFiles(manager.pid) === before)
  reader.close()
  await manager.stop()
})

/** An outbox to a socket that answers as the test says, and what became of its parcels. */
function outboxTo(answers: Sent[], framesMax = 4) {
  const sent: number[] = []
  const done: number[] = []
  const outbox = new Outbox(
    {
      send: (frame) => {
        const answer = answers.shift() ?? "sent"
        if (answer === "sent") sent.push(frame[0] as number)
        return answer
      },
      awaitWritable: () => {},
    },
    framesMax,
  )
  const post = (name: number) => {
    const onDone = () => {
      if (done.includes(name)) throw new Error(`parcel ${name} was done with twice`)
      done.push(name)
    }
    return outbox.post({ frame: Uint8Array.of(name), descriptors: [name], onDone })
  }
  return { outbox, post, sent, done }
}

test("not before it is sent, when it has to wait", () => {
  const { outbox, post, sent, done } = outboxTo(["would_block", "would_block", "sent"])

  post(1)
  post(2)
  outbox.resume()
  assert.equal(done, [])
  outbox.resume()

  assert.equal(done, [1, 2])
  assert.equal(sent, [1, 2])
})

test("without being sent, once the connection is given up", () => {
  const { outbox, post, sent, done } = outboxTo(["would_block"])

  post(1)
  post(2)
  outbox.abandon()
  post(3)
  outbox.resume()

  assert.equal(done, [1, 2, 3])
  assert.equal(sent, [])
})

test("when sixteen wait already, whose frames are not half of those that may", () => {
  const { post, done } = outboxTo(["would_block"], 64)

  for (let name = 1; name <= 16; name += 1) assert.is(post(name), undefined)
  const trouble = post(17)

  assert.match(trouble ?? "", /left 16 descriptors unread, the most that may wait/)
  assert.equal(done, [17])
})

test("when it is one too many, and when the client has gone", () => {
  const full = outboxTo(["would_block"], 1)
  const gone = outboxTo(["gone"])

  full.post(1)
  const trouble = full.post(2)
  const gonesTrouble = gone.post(1)
  gone.outbox.abandon()

  assert.match(trouble ?? "", /left 1 frames unread/)
  assert.equal(full.done, [2])
  assert.is(gonesTrouble, "the client has closed its socket")
  assert.equal(gone.done, [1])
})

test.run()
