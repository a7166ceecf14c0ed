import koffi from "koffi"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { loadNative } from "../../manager/engine/load.js"
import { decodeManagerMessage } from "../../protocol/codec.js"
import { frameBytesMax } from "../../protocol/limits.js"
import { retryUntil } from "../harness/retry.js"
import { RawClient } from "./raw_client.js"
import { serveInTest } from "./serving.js"

/** The binding's own send() refuses such a frame, so this goes past it. */
const libc = koffi.load("libc.so.6")
const send = libc.func("long send(int socket, uint8_t *bytes, size_t length, int flags)")
const recv = libc.func("long recv(int socket, _Out_ uint8_t *bytes, size_t length, int flags)")
const dontWait = 0x40

test("one byte too many is oversized_frame, and the next client is served", async () => {
  const native = loadNative()
  const manager = await serveInTest()
  const socket = native.connectSeqpacket(manager.socket)

  const tooLong = new Uint8Array(frameBytesMax + 1)
  assert.is(Number(send(socket, tooLong, tooLong.length, 0)), tooLong.length)

  const answer = new Uint8Array(1024)
  const length = await retryUntil("the answer", 5_000, () => {
    const received = Number(recv(socket, answer, answer.length, dontWait))
    return received > 0 && received
  })
  assert.equal(decodeManagerMessage(answer.subarray(0, length)), {
    type: "error",
    request: 0,
    code: "oversized_frame",
    message: "The frame is too long, wanted at most 65536 bytes",
  })
  native.closeDescriptor(socket)
  const client = new RawClient(manager.socket)
  await client.greet()
  client.close()
  await manager.close()
})

test.run()
