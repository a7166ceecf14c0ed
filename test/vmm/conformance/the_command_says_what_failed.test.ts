import { execFile } from "node:child_process"
import { truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { repository } from "../../harness/repository.js"
import { scratchDirectory } from "../../harness/scratch.js"
import { guestImage } from "../guest_image.js"
import { naiveProgram, startNaiveManager } from "../page_managers.js"
import { endStarted } from "../started.js"

test.after.each(endStarted)

const image = guestImage({ lengthBytes: 4 << 20, seed: 1 })

interface Ending {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Beside this process, which may be the one that listens. */
function conformance(...flags: string[]): Promise<Ending> {
  const command = join(repository, "dist/test/vmm/conformance/main.js")
  return new Promise((resolve) => {
    execFile(process.execPath, [command, ...flags], (error, stdout, stderr) => {
      resolve({ code: Number(error?.code ?? 0), stdout, stderr })
    })
  })
}

test("a case that fails has its line, its reason, and exit code 1", async () => {
  const { socket } = await startNaiveManager(image, ["ignores-remove"])
  const chosen = ["--case", "one-region", "--case", "removed-before-touch"]

  const { code, stdout } = await conformance("--socket", socket, "--image", image, ...chosen)

  const lines = stdout.trimEnd().split("\n")
  assert.is(code, 1)
  assert.match(lines[0] ?? "", /^pass +\d+ ms {2}one-region /)
  assert.match(lines[1] ?? "", /^fail +\d+ ms {2}removed-before-touch /)
  const wrong =
    /\| the guest reads .*: \d+ of 600 wrong; the first at 0x\w+ of memory: found 0x\w+,/
  assert.match(lines[2] ?? "", wrong)
  assert.match(lines.at(-1) ?? "", /^1 passed, 1 failed, 0 skipped/)
})

test("a guest that waits for ever is a reason, after the patience that was asked for", async () => {
  const { socket } = await startNaiveManager(image, ["takes-hup-for-end"])
  const chosen = ["--case", "message-1.1", "--patience-ms", "300"]

  const { code, stdout } = await conformance("--socket", socket, "--image", image, ...chosen)

  assert.is(code, 1)
  assert.match(stdout, /the guest reads a word of each page: took longer than 300 ms;/)
  assert.match(stdout, /; faults of the VM: 1 that nobody has read, 0 read and not resolved$/m)
})

test("with --json it prints the results alone, and exits with 0 when none failed", async () => {
  const { socket } = await startNaiveManager(image, [])
  const chosen = ["--case", "two-regions", "--json", "--plain"]

  const { code, stdout } = await conformance("--socket", socket, "--image", image, ...chosen)

  const results = JSON.parse(stdout)
  assert.is(code, 0)
  assert.equal([results.length, results[0].name, results[0].state], [1, "two-regions", "pass"])
})

test("where there is no KVM it says so before all else, and in its sum", async () => {
  const { socket } = await startNaiveManager(image, [])
  const chosen = ["--case", "two-regions", "--case", "one-region", "--plain"]

  const { stdout, stderr } = await conformance("--socket", socket, "--image", image, ...chosen)

  assert.match(stderr, /^NO KVM \(--plain was given\): threads of the VMM stand in for guests/)
  assert.is(stderr.split("NO KVM").length, 2)
  assert.match(stdout, /2 passed, 0 failed, 0 skipped, WITHOUT KVM\n$/)
})

test("a socket where nobody listens fails each case with the reason", async () => {
  const socket = join(scratchDirectory(), "nobody")
  const chosen = ["--case", "one-region", "--case", "silent-neighbour"]

  const { code, stdout } = await conformance("--socket", socket, "--image", image, ...chosen)

  assert.is(code, 1)
  assert.match(stdout, /connect: No such file or directory/)
  assert.match(stdout, /0 passed, 2 failed, 0 skipped/)
})

test("a handler that is started for each case need not outlive one VM", async () => {
  const socket = join(scratchDirectory(), "uffd.sock")
  const stand = [naiveProgram(), "--socket", '"$SOCKET"', "--image", '"$IMAGE"', "--mistake"]
  const chosen = ["--case", "one-region", "--case", "two-vms", "--patience-ms", "700"]
  const common = ["--socket", socket, "--image", image, ...chosen, "--handler"]

  const single = await conformance(...common, [...stand, "serves-one-vm"].join(" "))
  const none = await conformance(...common, `sh -c "echo no handler here; exit 3"`)

  assert.match(
    single.stdout,
    /^pass .* one-region .*\nfail .* two-vms .*\n.*\n +\| the handler runs$/m,
  )
  assert.match(single.stdout, /1 passed, 1 failed, 0 skipped/)
  assert.match(none.stdout, /ended \(code 3, signal null\); it wrote:\n +\| no handler here\n/)
  assert.equal([single.code, none.code], [1, 1])
})

test("wrong usage is exit code 2 and says what was wanted", async () => {
  const small = join(scratchDirectory(), "small")
  writeFileSync(small, "")
  truncateSync(small, 4096)

  const none = await conformance()
  const unknown = await conformance("--socket", "x", "--image", image, "--case", "nothing")
  const short = await conformance("--socket", "x", "--image", small)

  assert.equal([none.code, unknown.code, short.code], [2, 2, 2])
  assert.match(none.stderr, /wanted are --socket and --image/)
  assert.match(unknown.stderr, /there is no case nothing/)
  assert.match(short.stderr, /has 4096 bytes; wanted are 4194304 to 2684354560 bytes/)
})

test.run()
