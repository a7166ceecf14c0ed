// Invariant 2.
import { suite } from "uvu"
import * as assert from "uvu/assert"
import type { PageSource } from "../../manager/index.js"
import { CollectedLog } from "../harness/collected_log.js"
import { patternBytes } from "../harness/pattern.js"
import { serveSources } from "../harness/source_manager.js"
import { guestImage } from "./guest_image.js"
import { awaitPopulation, onlySession } from "./population.js"
import { endStarted } from "./started.js"
import { listenForVms } from "./vm_listener.js"
import { startVmm } from "./vmm_program.js"

const test = suite()
test.after.each(endStarted)

const pageBytes = 4_096
const lengthBytes = 4 << 20
const badPage = 700
const seed = 22
const image = guestImage({ lengthBytes, seed, strideBytes: lengthBytes, writtenBytes: lengthBytes })

/** The same bytes as the image, but for a page that cannot be had until it is mended. */
class BrokenSource implements PageSource {
  readonly length = lengthBytes
  isMended = false

  async read(offset: number, length: number): Promise<Uint8Array> {
    const bad = badPage * pageBytes
    if (!this.isMended && offset <= bad && bad < offset + length) throw new Error("a bad sector")
    return patternBytes(seed, offset, length)
  }
}

test("one page that cannot be had is enough: it is said, and the VM is served on", async () => {
  const source = new BrokenSource()
  const said = new CollectedLog()
  const sources = { attemptsMax: 1, backoffMs: 0, breakerFailures: 1_000 }
  const manager = await serveSources({ vm: source }, { sources }, said.log)
  const socket = await listenForVms(manager, "vm", { populate_bytes_per_second: 2 ** 40 })
  const vmm = await startVmm({ socket, image, isPlain: true, memory: [lengthBytes] })

  await awaitPopulation(manager, "failed")
  const session = await onlySession(manager)
  assert.is(session.state, "active")
  assert.match(session.population?.failure ?? "", /1 page could not be had: .*a bad sector/)
  assert.is(said.about("it depends on the manager still").length, 1)

  // That page is missing, and not zeros: it comes when it is asked for, and can be had.
  source.isMended = true
  const all = await vmm.order("inspect", 0, vmm.ready.pages)
  assert.equal([all.accesses, all.wrong, all.failed], [vmm.ready.pages, 0, 0])
  assert.ok((await onlySession(manager)).faults.missing > 0)
  await vmm.kill()
  await manager.stop()
})

test.run()
