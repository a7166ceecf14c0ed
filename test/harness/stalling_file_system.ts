import { execFileSync, spawn } from "node:child_process"
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import koffi from "koffi"
import { compileProgram } from "./compiled.js"
import { OwnedProcess } from "./owned_process.js"
import { repository } from "./repository.js"
import { retryUntil } from "./retry.js"
import { scratchDirectory } from "./scratch.js"

const newMountNamespace = 0x20000
const unshare = koffi.load("libc.so.6").func("int unshare(int flags)")

/**
 * From here on children of this process mount for themselves: no mount outlives them. False where
 * that is not allowed, as mounting then is not either.
 */
export function leaveMountNamespace(): boolean {
  if (unshare(newMountNamespace) !== 0) return false
  execFileSync("mount", ["--make-rprivate", "/"])
  return true
}

/** A mounted file system whose file opens, and whose reads and closes do not end before it does. */
export interface StallingFileSystem {
  readonly file: string
  /** Once somebody waits for what is in the file. */
  untilRead(): Promise<unknown>
  end(): Promise<unknown>
}

export async function startStallingFileSystem(fileBytes = 4096): Promise<StallingFileSystem> {
  const program = compileProgram(join(repository, "test/harness/stalling_file_system.c"))
  const mountPoint = join(scratchDirectory(), "mount")
  mkdirSync(mountPoint)
  const owned = new OwnedProcess(
    "stalling file system",
    spawn(program, [mountPoint, `${fileBytes}`]),
  )
  const untilSaid = (word: string) =>
    retryUntil(`"${word}" of ${owned.name}`, 20_000, () => owned.stdout.includes(`${word}\n`))
  await untilSaid("ready")
  return {
    file: join(mountPoint, "file"),
    untilRead: () => untilSaid("read"),
    end: () => {
      owned.child.stdin?.end()
      return owned.ended()
    },
  }
}
