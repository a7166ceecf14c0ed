// Invariant 6.
// time limit: 180 s
// runs alone
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { startManager } from "../harness/manager.js"
import { skipLoudly } from "../harness/skip.js"
import { cases } from "./conformance/cases.js"
import { caseLines, runCase } from "./conformance/run.js"
import { guestImage } from "./guest_image.js"
import { guestModes } from "./guest_modes.js"
import { endStarted } from "./started.js"
import { listenForVms } from "./vm_listener.js"

const test = suite()
test.after.each(endStarted)

const mebibyte = 1 << 20
const image = guestImage({
  lengthBytes: 12 * mebibyte - 1000,
  seed: 3,
  strideBytes: 6 * mebibyte,
  writtenBytes: 4 * mebibyte,
})

for (const { name, isPlain } of guestModes()) {
  test(`it passes every case of the suite (${name})`, async () => {
    const manager = await startManager({ images: { vm: image } })
    const socket = await listenForVms(manager, "vm")
    const failed: string[] = []
    for (const one of cases) {
      const result = await runCase(one, { socket, image, patienceMs: 20_000, isPlain })
      if (result.state === "skip") skipLoudly("machine", `${one.name}: ${result.reason}`)
      if (result.state === "fail") failed.push(caseLines(result))
    }
    await manager.stop()
    assert.equal(failed, [])
  })
}

test.run()
