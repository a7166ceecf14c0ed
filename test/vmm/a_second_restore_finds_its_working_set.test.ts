// time limit: 120 s
import { suite } from "uvu"
import * as assert from "uvu/assert"
import type { SessionView } from "../../manager/view.js"
import { type Manager, startManager } from "../harness/manager.js"
import { retryUntil } from "../harness/retry.js"
import { scratchDirectory } from "../harness/scratch.js"
import { awaitReplays, setOf } from "../working_sets/runs.js"
import { guestImage } from "./guest_image.js"
import { guestModes } from "./guest_modes.js"
import { endStarted } from "./started.js"
import { listenForVms } from "./vm_listener.js"
import { startVmm, type Vmm } from "./vmm_program.js"

const test = suite()
test.after.each(endStarted)

const mebibyte = 1 << 20
const budgetMs = 20_000
const memory = [8 * mebibyte, 16 * mebibyte]
const image = guestImage({ lengthBytes: 24 * mebibyte, seed: 11 })

const sessions = ({ debug }: Manager) => debug.get<SessionView[]>("/v1/sessions")

async function end(manager: Manager, vmm: Vmm): Promise<void> {
  await vmm.kill()
  await retryUntil("the VM's session ends", budgetMs, async () => {
    return (await sessions(manager)).length === 0
  })
}

for (const { name, isPlain } of guestModes()) {
  test(`a restore faults nowhere that the one before it did (${name})`, async () => {
    const directory = scratchDirectory()
    const options = { images: { vm: image }, args: ["--working-sets", "vm"], directory }
    const first = await startManager(options)
    const socket = await listenForVms(first, "vm")
    const vm = { socket, memory, image, isPlain }
    const recorded = await startVmm(vm)
    const walk = await recorded.order("walk", 40, 1_400, 4, 7)
    assert.equal([walk.wrong, walk.failed], [0, 0])
    await end(first, recorded)
    assert.ok(((await setOf(first, "vm"))?.pages ?? 0) >= 1_400)
    await first.kill()

    const second = await startManager(options)
    const restored = await startVmm({ ...vm, isPaused: true })
    await awaitReplays(second, "vm", memory.length)
    await restored.order("balloon", 60, 8)
    await restored.order("resume")
    const before = (await sessions(second))[0]?.faults.missing
    const again = await restored.order("walk", 68, 1_393, 4, 7)
    assert.equal([again.wrong, again.failed], [0, 0])
    assert.is((await sessions(second))[0]?.faults.missing, before)

    const whole = await restored.order("inspect", 0, restored.ready.pages)
    assert.equal([whole.wrong, whole.failed], [0, 0])
    await end(second, restored)
    await second.stop()
  })
}

test.run()
