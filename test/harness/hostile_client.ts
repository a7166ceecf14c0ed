import { spawn } from "node:child_process"
import { chmodSync, copyFileSync } from "node:fs"
import { join } from "node:path"
import { compileProgram } from "./compiled.js"
import { OwnedProcess } from "./owned_process.js"
import { repository } from "./repository.js"
import { retryUntil } from "./retry.js"
import { scratchDirectory } from "./scratch.js"
import { asUid } from "./user.js"

const answerBudgetMs = 30_000

/** Features of a userfaultfd. */
export const layoutEvents = { none: 0, remove: 1 << 3 } as const

/** Starts a client that obeys hostile_client.c's orders, connected when a socket is given. */
export async function startHostileClient(socket?: string, uid?: number): Promise<HostileClient> {
  const source = join(repository, "test/harness/hostile_client.c")
  const dependsOn = [join(repository, "test/harness/raw_frames.h")]
  const options = { include: [repository], dependsOn, libraries: ["-pthread"] }
  const program = compileProgram(source, options)
  const child = spawn(uid === undefined ? program : staged(program), [], {
    stdio: ["pipe", "pipe", "pipe"],
    ...(uid === undefined ? {} : asUid(uid)),
  })
  const client = new HostileClient(new OwnedProcess("hostile client", child))
  if (socket !== undefined) await client.order("connect", socket)
  return client
}

/** A copy where every user can read it. */
function staged(program: string): string {
  const copy = join(scratchDirectory(), "hostile_client")
  copyFileSync(program, copy)
  chmodSync(copy, 0o755)
  return copy
}

/** One order at a time. Killed at the latest when the test's process ends. */
export class HostileClient {
  private orders = 0

  constructor(readonly process: OwnedProcess) {
    process.child.stdin?.on("error", () => {}) // It has ended; what was asked of it then fails.
  }

  get pid(): number {
    return this.process.pid
  }

  /** The number it answers. Rejects with its words for a failure. */
  async order(...words: readonly (string | number)[]): Promise<number> {
    this.process.child.stdin?.write(`${words.join(" ")}\n`)
    this.orders += 1
    const { orders, process } = this
    const answer = await retryUntil(`"${words.join(" ")}" in ${this.pid}`, answerBudgetMs, () => {
      const lines = process.stdout.split("\n").slice(0, -1)
      return lines.length >= orders && lines[orders - 1]
    })
    const [state, ...rest] = answer.split(" ")
    if (state === "ok") return Number(rest[0])
    throw new Error(rest.join(" "))
  }

  kill(): Promise<void> {
    return this.process.kill()
  }
}
