import { once } from "node:events"
import { connect, type Socket } from "node:net"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { connectionsMax } from "../../manager/debug/limits.js"
import { retryUntil } from "../harness/retry.js"
import { type FakeDebugSocket, startFakeDebugSocket } from "./fake_debug_socket.js"

let debug: FakeDebugSocket
test.before.each(async () => {
  debug = await startFakeDebugSocket()
})
test.after.each(() => debug.close())

/** A connection that has been answered once and is kept open. */
async function openConnection(): Promise<Socket> {
  const socket = connect(debug.path)
  socket.write("GET /healthz HTTP/1.1\r\nhost: pagerd\r\n\r\n")
  await once(socket, "data")
  return socket
}

test("one connection too many is closed, and a place is free again when one goes", async () => {
  const sockets: Socket[] = []
  while (sockets.length < connectionsMax) sockets.push(await openConnection())

  const surplus = connect(debug.path)
  surplus.on("error", () => {})
  await once(surplus, "close")
  sockets[0]?.destroy()
  const answer = await retryUntil("a free place", 10_000, () =>
    debug.ask("GET", "/healthz").catch(() => undefined),
  )

  assert.is(surplus.bytesRead, 0)
  assert.is(answer.status, 200)
  for (const socket of sockets) socket.destroy()
})

test.run()
