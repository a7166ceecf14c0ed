import { spawn } from "node:child_process"
import { existsSync, readFileSync, rmSync } from "node:fs"
import { OwnedProcess } from "../../harness/owned_process.js"
import { retryUntil } from "../../harness/retry.js"

const listenBudgetMs = 10_000
/** Of /proc/net/unix: a socket that listens. */
const listening = /^\S+ \S+ \S+ 00010000 /

const listens = (socket: string): boolean =>
  readFileSync("/proc/net/unix", "utf8")
    .split("\n")
    .some((line) => listening.test(line) && line.endsWith(` ${socket}`))

/**
 * A handler that is started for one case and ended after it: many serve one VM and are done. The
 * command is a program with its arguments; SOCKET and IMAGE are in its environment.
 */
export class TriedProgram {
  private constructor(private readonly process: OwnedProcess) {}

  /** Returns once it listens. Rejects when it ends before, or does not listen in time. */
  static async start(command: string, socket: string, image: string): Promise<TriedProgram> {
    rmSync(socket, { force: true })
    const child = spawn("/bin/sh", ["-c", `exec ${command}`], {
      env: { ...process.env, SOCKET: socket, IMAGE: image },
      stdio: ["pipe", "pipe", "pipe"], // Some end with their standard input.
    })
    const handler = new TriedProgram(new OwnedProcess("the handler", child))
    const isThere = retryUntil(`the handler listens at ${socket}`, listenBudgetMs, () => {
      return existsSync(socket) && listens(socket)
    })
    isThere.catch(() => {})
    await Promise.race([isThere, handler.process.early()]).catch(async (error) => {
      await handler.end()
      throw error
    })
    return handler
  }

  /** The last lines that it wrote, and its end where it has come to one. */
  get lastWords(): string {
    const { stdout, stderr, child } = this.process
    const lines = (stdout + stderr).trimEnd().split("\n").slice(-5)
    const { exitCode, signalCode } = child
    const end = exitCode ?? signalCode
    return [`the handler ${end === null ? "runs" : `ended with ${end}`}`, ...lines].join("\n")
  }

  async end(): Promise<void> {
    await this.process.kill()
  }
}
