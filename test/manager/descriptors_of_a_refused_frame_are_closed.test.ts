// Invariant 4.
import { closeSync } from "node:fs"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { startManager } from "../harness/manager.js"
import { descriptorCount } from "../harness/observed_process.js"
import { retryUntil } from "../harness/retry.js"
import { openUserfaultfd } from "./own_memory.js"
import { RawClient } from "./raw_client.js"

const surplus = Array(253).fill(0)
const image = { type: "image", request: 1, image: "none" }
const map = { type: "map", request: 1, image: "none", mode: "copy" }
const range = { address: 0, length_bytes: 4096, offset_bytes: 0, window_bytes: 0 }

test("surplus, misplaced, malformed and refused: the manager keeps none", async () => {
  const manager = await startManager()
  const userfaultfd = openUserfaultfd()
  const before = descriptorCount(manager.pid)

  for (let round = 0; round < 20; round += 1) {
    const frames: [object | Uint8Array, number[]][] = [
      [image, surplus],
      [{ ...map, ...range }, [userfaultfd, 0]],
      [{ ...map, ...range }, [0]],
      [{ ...map, ...range }, [userfaultfd]],
      [Uint8Array.of(0xc1), surplus],
      [new Uint8Array(), [0]],
      [{ type: "publish", request: 1, image: "x" }, [0, 1]],
      [{ type: "publish", request: 1, image: "x" }, [0]],
    ]
    for (const [frame, descriptors] of frames) {
      const client = new RawClient(manager.socket)
      await client.greet()
      client.send(frame, descriptors)
      await client.next("error")
      client.close()
    }
  }

  await retryUntil(`${before} descriptors`, 5_000, () => descriptorCount(manager.pid) === before)
  closeSync(userfaultfd)
  await manager.stop()
  assert.ok(true)
})

test.run()
