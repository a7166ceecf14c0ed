import { spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { modes } from "../harness/c_client.js"
import { type Manager, startManager } from "../harness/manager.js"
import { patternFile } from "../harness/pattern.js"
import { scratchDirectory } from "../harness/scratch.js"
import { skipLoudly } from "../harness/skip.js"
import { compileAgainstLibrary } from "./native_program.js"

const page = 4096
const imagePages = 4096
const imageBytes = imagePages * page
const hasStrace = spawnSync("strace", ["-V"]).status === 0
const changesOfTheAddressSpace = ["mmap", "munmap", "mprotect", "mremap", "brk"]

/** How often the last reset of the program made each of its system calls. */
function countResetCalls(manager: Manager, mode: number, pages: number): Map<string, number> {
  const program = compileAgainstLibrary("reset_slot.c")
  const trace = join(scratchDirectory(), "trace")
  // Of the thread that resets alone: the library's agent has its own.
  const words = [program, manager.socket, "image", String(mode), String(pages)]
  const run = spawnSync("strace", ["-o", trace, ...words], { encoding: "utf8", timeout: 60_000 })
  assert.is(run.status, 0, run.stderr)
  const lines = readFileSync(trace, "utf8").split("\n")
  const begin = lines.findLastIndex((line) => line.includes('"/begin"'))
  const end = lines.findLastIndex((line) => line.includes('"/end"'))
  assert.ok(0 < begin && begin < end, "the reset is in the trace")
  const counts = new Map<string, number>()
  for (const line of lines.slice(begin + 1, end)) {
    const name = /^\w+/.exec(line)?.[0] ?? line
    if (name === "getpid") continue // The library makes sure that it is in no forked child.
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return counts
}

for (const mode of ["copy", "share", "cow"] as const) {
  test(`in mode ${mode} after many pages, and no address changes hands`, async () => {
    if (!hasStrace) return skipLoudly("machine", "there is no strace to count system calls with")
    const manager = await startManager({ images: { image: patternFile(imageBytes, 21) } })

    const calls = countResetCalls(manager, modes[mode], imagePages)

    assert.is(calls.get("madvise"), 1)
    assert.is(calls.get("ftruncate"), 1)
    for (const name of changesOfTheAddressSpace) assert.is(calls.get(name), undefined, name)
    // Besides them: a look at the page map, and a note to the manager that nobody waits for.
    assert.equal([...calls.keys()].sort(), ["ftruncate", "ioctl", "madvise", "sendmsg"])
    assert.is(calls.get("ioctl"), 1)
    await manager.stop()
  })

  test(`in mode ${mode} a few pages are read back, and nothing else is done`, async () => {
    if (!hasStrace) return skipLoudly("machine", "there is no strace to count system calls with")
    const manager = await startManager({ images: { image: patternFile(64 * page, 21) } })

    const calls = countResetCalls(manager, modes[mode], 3)

    assert.equal([...calls.keys()].sort(), ["ftruncate", "ioctl", "pread64"])
    assert.is(calls.get("pread64"), 1)
    assert.is(calls.get("ioctl"), 1)
    assert.is(calls.get("ftruncate"), 1)
    await manager.stop()
  })
}

test.run()
