import { execFile } from "node:child_process"
import { chmodSync, copyFileSync, readFileSync } from "node:fs"
import { basename, join } from "node:path"
import { promisify } from "node:util"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { paths } from "../../client/index.js"
import { startManager } from "../harness/manager.js"
import { patternFile } from "../harness/pattern.js"
import { scratchDirectory } from "../harness/scratch.js"
import { skipLoudly } from "../harness/skip.js"
import { asUid, isRoot, nobody } from "../harness/user.js"
import { compileAgainstLibrary } from "./native_program.js"
import { ScriptedManager } from "./scripted_manager.js"

const run = promisify(execFile)

/** Runs print_why as a user that owns nothing, from copies that it can read. */
async function whyAsNobody(socket: string): Promise<string> {
  const directory = scratchDirectory()
  const copies = [compileAgainstLibrary("print_why.c"), paths().library].map((path) => {
    const copy = join(directory, basename(path))
    copyFileSync(path, copy)
    chmodSync(copy, 0o755)
    return copy
  })
  const options = { env: { LD_LIBRARY_PATH: directory }, timeout: 30_000, ...asUid(nobody) }
  const { stdout } = await run(copies[0] ?? "", [socket, "image"], options)
  return stdout.trimEnd()
}

const note = "system calls that meet a missing page fail with EFAULT"

test("without the manager's device the region says that system calls will fail", async () => {
  const isAllowedAnyway = readFileSync("/proc/sys/vm/unprivileged_userfaultfd", "utf8") !== "0\n"
  if (!isRoot || isAllowedAnyway) return skipLoudly("root", "no client without rights to be had")
  const manager = new ScriptedManager({})
  chmodSync(manager.socket, 0o666)

  const why = await whyAsNobody(manager.socket)

  assert.is(why, `scripted; ${note}: no full userfaultfd here`)
  manager.close()
})

test("with it there is nothing to say", async () => {
  if (!isRoot) return skipLoudly("root", "another user cannot be had")
  const manager = await startManager({ images: { image: patternFile(8192, 1) } })

  const why = await whyAsNobody(manager.socket)

  assert.ok(why.length > 0 && !why.includes(note), why)
  await manager.stop()
})

test.run()
