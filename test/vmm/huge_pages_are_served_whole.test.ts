// runs alone
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { skipLoudly } from "../harness/skip.js"
import { guestImage } from "./guest_image.js"
import { guestModes } from "./guest_modes.js"
import { withHugePages } from "./huge_pages.js"
import { startNaiveManager, startReferenceManager } from "./page_managers.js"
import { endStarted } from "./started.js"
import { hugePageBytes, startVmm } from "./vmm_program.js"

const test = suite()
const pages = 8
const memory = [3 * hugePageBytes, 5 * hugePageBytes]

/** The last page is half beyond the end of the file, and one is a hole. */
const image = guestImage({
  lengthBytes: pages * hugePageBytes - hugePageBytes / 2,
  seed: 1,
  strideBytes: 4 * hugePageBytes,
  writtenBytes: 3 * hugePageBytes,
})

async function needingHugePages(use: () => Promise<void>): Promise<void> {
  const why = await withHugePages(pages, use)
  if (why !== undefined) skipLoudly("machine", why)
}

for (const { name, isPlain } of guestModes()) {
  test(`each huge page is one fault, and all of its bytes are the image's (${name})`, () =>
    needingHugePages(async () => {
      const manager = await startReferenceManager(image)
      const options = { socket: manager.socket, memory, image, pageBytes: hugePageBytes }
      const vmm = await startVmm({ ...options, isPlain })

      const walk = await vmm.order("walk", 0, pages, 1, 3)
      const whole = await vmm.order("inspect", 0, pages)
      await vmm.order("balloon", 2, 3)
      const after = await vmm.order("inspect", 0, pages)

      assert.equal([walk.wrong, whole.wrong, after.wrong, after.failed], [0, 0, 0, 0])
      assert.is((await manager.counts()).faults, pages + 3)
      await endStarted()
    }))
}

test("a manager that knows small pages only loses huge ones' faults", () =>
  needingHugePages(async () => {
    const manager = await startNaiveManager(image, ["copies-4096"])
    const options = { socket: manager.socket, memory, image, pageBytes: hugePageBytes }
    const vmm = await startVmm({ ...options, answerBudgetMs: 500 })

    const walk = await vmm.order("walk", 0, pages, 1, 3).catch(({ message }) => message)

    assert.match(walk, /took longer than 500 ms/)
    await endStarted()
  }))

test.after(endStarted)
test.run()
