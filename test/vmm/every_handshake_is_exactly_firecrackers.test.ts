import { spawn } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { compileProgram } from "../harness/compiled.js"
import { OwnedProcess } from "../harness/owned_process.js"
import { repository } from "../harness/repository.js"
import { scratchDirectory } from "../harness/scratch.js"
import { Lines } from "./lines.js"
import { endStarted, endsWithItsTest } from "./started.js"
import { type Handshake, startVmm, type Vmm, type VmmOptions } from "./vmm_program.js"

const test = suite()
test.after.each(endStarted)
const mebibyte = 1 << 20
const eventRemove = 1 << 3

interface Recorded {
  readonly bytes: string
  readonly descriptors: number
  readonly is?: string
  readonly nonblocking?: boolean
  readonly features?: number
}

/** handshake_recorder.c, and a VM that introduces itself to it. */
async function record(options: Partial<VmmOptions>): Promise<{ vmm: Vmm; recorder: Lines }> {
  const program = compileProgram(join(repository, "test/vmm/managers/handshake_recorder.c"), {
    flags: ["-D_GNU_SOURCE"],
  })
  const socket = join(scratchDirectory(), "uffd.sock")
  const child = spawn(program, [socket], { stdio: ["pipe", "pipe", "pipe"] })
  const recorder = new Lines(endsWithItsTest(new OwnedProcess("recorder", child)))
  await recorder.next("recorder ready")
  const memory = options.memory ?? [mebibyte, 3 * mebibyte]
  return { vmm: await startVmm({ socket, ...options, memory }), recorder }
}

const nextRead = async (recorder: Lines): Promise<Recorded> =>
  (await recorder.next("a read")) as unknown as Recorded

const textOf = ({ bytes }: Recorded): string => Buffer.from(bytes, "hex").toString()

/** The region's start, wherever the kernel put it, as the text has it. */
const basesIn = (text: string): string[] =>
  [...text.matchAll(/"base_host_virt_addr":(\d+)/g)].map(([, base]) => base ?? "")

const pages: Readonly<Record<Handshake, string>> = {
  "1.1": "",
  "1.7": ',"page_size_kib":4096',
  "1.12": ',"page_size":4096,"page_size_kib":4096',
  "1.16": ',"page_size":4096,"page_size_kib":4096',
  "nydus-array": ',"page_size":4096,"page_size_kib":4096',
  "nydus-object": ',"page_size":4096,"prot":3,"flags":2',
}

/** The whole message, byte for byte, but for addresses. */
function wantedText(handshake: Handshake, [first, second]: readonly string[]): string {
  const more = pages[handshake]
  const array =
    `[{"base_host_virt_addr":${first},"size":1048576,"offset":0${more}},` +
    `{"base_host_virt_addr":${second},"size":3145728,"offset":1048576${more}}]`
  return handshake === "nydus-object"
    ? `{"type":0,"regions":${array},"policy":1,"enable_prefault":false}`
    : array
}

for (const handshake of Object.keys(pages) as Handshake[]) {
  test(`${handshake} is one message of JSON with one userfaultfd`, async () => {
    const { vmm, recorder } = await record({ handshake })

    const read = await nextRead(recorder)

    const text = textOf(read)
    assert.is(text, wantedText(handshake, basesIn(text)))
    assert.is(text, vmm.ready.message)
    assert.equal(
      [read.descriptors, read.is, read.nonblocking, read.features],
      [1, "anon_inode:[userfaultfd]", true, eventRemove],
    )
    assert.ok(new Set(basesIn(text)).size === 2)
  })

  test(`${handshake} registers every region for missing pages alone`, async () => {
    const { vmm, recorder } = await record({ handshake })

    const bases = basesIn(textOf(await nextRead(recorder)))

    for (const base of bases) assert.equal(trackingAt(vmm, BigInt(base)), ["um"])
  })
}

/** Which userfault flags the mapping at the address has: um missing, uw written, ui minor. */
function trackingAt(vmm: Vmm, address: bigint): string[] {
  const mappings = readFileSync(`/proc/${vmm.process.pid}/smaps`, "utf8").split(/\n(?=\w+-\w+ )/)
  const mapping = mappings.find((text) => text.startsWith(`${address.toString(16)}-`)) ?? ""
  const flags = /^VmFlags: (.*)$/m.exec(mapping)?.[1]?.split(" ") ?? []
  return flags.filter((flag) => ["um", "uw", "ui"].includes(flag))
}

for (const handshake of ["1.1", "1.7"] as const) {
  test(`${handshake} closes its socket after the message, and lives on`, async () => {
    const { vmm, recorder } = await record({ handshake })
    await nextRead(recorder)

    const end = await nextRead(recorder)

    assert.equal([end.bytes, end.descriptors], ["", 0])
    assert.is((await vmm.order("stat")).touched, 0)
  })
}

for (const handshake of ["1.12", "1.16", "nydus-object"] as const) {
  test(`${handshake} keeps its socket as long as it lives`, async () => {
    const { vmm, recorder } = await record({ handshake })
    await nextRead(recorder)
    await vmm.order("stat")

    const open = await recorder.ask("more?")
    await vmm.kill()
    const end = await nextRead(recorder)

    assert.equal(open, { state: "no more" })
    assert.is(end.bytes, "")
  })
}

test("a split message is as many reads, the descriptor with the first", async () => {
  const { vmm, recorder } = await record({ split: 7 })

  const reads: Recorded[] = []
  for (let i = 0; i < 7; i++) reads.push(await nextRead(recorder))

  assert.is(reads.map(textOf).join(""), vmm.ready.message)
  assert.equal(
    reads.map(({ descriptors }) => descriptors),
    [1, 0, 0, 0, 0, 0, 0],
  )
})

test.run()
