import { fork } from "node:child_process"
import { fileURLToPath } from "node:url"
import type { Order, Report } from "./client_child.js"
import type { Operations } from "./client_operations.js"
import { type Ending, OwnedProcess } from "./owned_process.js"
import { type ParkedFault, waitUntilParked } from "./parked_fault.js"
import { within } from "./retry.js"

/** Every operation of the child, answered by a promise. */
type Remote<T> = {
  readonly [K in keyof T]: T[K] extends (...given: infer A) => infer R
    ? (...given: A) => Promise<Awaited<R>>
    : never
}

const answerBudgetMs = 30_000
const childPath = fileURLToPath(new URL("client_child.js", import.meta.url))

/** Starts a process that uses the TypeScript client, connected when a socket is given. */
export async function startClient(socket?: string): Promise<ClientProcess> {
  const child = fork(childPath, {
    serialization: "advanced",
    execArgv: ["--enable-source-maps"],
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  })
  const client = new ClientProcess(new OwnedProcess("client", child))
  if (socket !== undefined) await client.ask.connect(socket)
  return client
}

interface Pending {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
}

/**
 * A client process as its test sees it. It is killed at the latest when the test's process ends.
 */
export class ClientProcess {
  /** `client.ask.readByte(1, 4096)` and so on: client_operations.ts lists them. */
  readonly ask: Remote<Operations>
  readonly #process: OwnedProcess
  readonly #pending = new Map<number, Pending>()
  #orders = 0

  constructor(process: OwnedProcess) {
    this.#process = process
    const ask = (operation: keyof Operations, given: readonly unknown[]): Promise<unknown> =>
      within(`${operation} in ${this.pid}`, answerBudgetMs, this.#order(operation, given))
    this.ask = new Proxy({} as Remote<Operations>, {
      get:
        (_, operation: keyof Operations) =>
        (...given: unknown[]) =>
          ask(operation, given),
    })
    process.child.on("message", (report: Report) => this.#take(report))
  }

  get pid(): number {
    return this.#process.pid
  }

  /**
   * Lets the client read a byte whose page cannot be had yet, and returns once the kernel itself
   * counts a thread that waits: from then on the client runs nothing until the fault is resolved.
   */
  async parkFault(region: number, offset: number): Promise<ParkedFault> {
    const byte = this.ask.readByte(region, offset)
    await waitUntilParked(this.pid, byte)
    return { byte }
  }

  /** Lets it exit, its regions mapped and its session open as they are. */
  stop(): Promise<Ending> {
    if (this.#process.child.connected) this.#process.child.disconnect()
    return this.ended()
  }

  /** SIGKILL, and returns when the kernel has buried it. */
  kill(): Promise<void> {
    return this.#process.kill()
  }

  /** How it ended; fails when it does not. */
  ended(): Promise<Ending> {
    return this.#process.ended()
  }

  #order(operation: keyof Operations, given: readonly unknown[]): Promise<unknown> {
    this.#orders += 1
    const order: Order = { order: this.#orders, operation, arguments: given }
    const answer = new Promise((resolve, reject) => {
      this.#pending.set(order.order, { resolve, reject })
      this.#process.child.send(order, (error) => {
        if (error) reject(error)
      })
    })
    return Promise.race([answer, this.#process.early()])
  }

  #take(report: Report): void {
    const pending = this.#pending.get(report.order)
    if (pending === undefined) return
    this.#pending.delete(report.order)
    if (report.state === "done") pending.resolve(report.value)
    else pending.reject(Object.assign(new Error(report.message), { code: report.code }))
  }
}
