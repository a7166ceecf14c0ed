// Invariant 2.
// Invariant 16.
import { writeFileSync } from "node:fs"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { startManager } from "../harness/manager.js"
import { guestImage } from "./guest_image.js"
import { endStarted } from "./started.js"
import { listenForVms } from "./vm_listener.js"
import { startVmm } from "./vmm_program.js"

test.after.each(endStarted)

const lengthBytes = 1 << 20
const config = "resume_wait_ms = 200\n"
/** More than a failing source is asked for before it is left alone. */
const missing = 64

test("every page that did not come before is poison, as soon as it is touched", async () => {
  const image = guestImage({ lengthBytes, seed: 1 })
  const options = { images: { vm: image }, config }
  const first = await startManager(options)
  const socket = await listenForVms(first, "vm")
  const memory = [lengthBytes]
  const vmm = await startVmm({ socket, image: guestImage({ lengthBytes, seed: 1 }), memory })
  const came = await vmm.order("inspect", 0, 1)
  await first.kill()
  writeFileSync(image, Buffer.alloc(lengthBytes, 0xee))
  const second = await startManager({ ...options, directory: first.paths.directory })

  const lost = await vmm.order("inspect", 256 - missing, missing)
  const kept = await vmm.order("inspect", 0, 1)

  assert.equal([came.wrong, came.failed, kept.wrong, kept.failed], [0, 0, 0, 0])
  assert.equal([lost.accesses, lost.wrong, lost.failed], [missing, 0, missing])
  await second.stop()
})

test.run()
