import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import { setTimeout as delay } from "node:timers/promises"
import type { FromServer, Served, ServerJob, Serving, ToServer } from "./messages.js"

const startTimeoutMs = 60_000
const endTimeoutMs = 30_000
/** Connections are lost a moment before the end of their process is known. */
const lastWordsMs = 500
const stderrCharactersMax = 2_000

/** A server in a process of its own, so that the load does not come from the thread that serves. */
export class ServerProcess {
  readonly #child: ChildProcess
  readonly #ended: Promise<unknown>
  #stderr = ""

  constructor(signal: AbortSignal) {
    const program = new URL("./server.js", import.meta.url)
    this.#child = fork(program, { stdio: ["ignore", "ignore", "pipe", "ipc"] })
    this.#child.stderr?.on("data", (text: Buffer) => {
      this.#stderr = `${this.#stderr}${text}`.slice(-stderrCharactersMax)
    })
    this.#ended = once(this.#child, "close")
    signal.addEventListener("abort", () => this.kill(), { once: true })
  }

  get pid(): number {
    return this.#child.pid ?? -1
  }

  /** Returns once it takes requests. */
  async serve(job: ServerJob): Promise<Serving> {
    this.#send({ type: "serve", job })
    return (await this.#answer("serving", startTimeoutMs)).serving
  }

  /** Lets it close its session; it has to end well. */
  async end(): Promise<Served> {
    this.#send({ type: "end" })
    const { served } = await this.#answer("ended", endTimeoutMs)
    await this.#ended
    if (this.#child.exitCode !== 0) throw new Error(this.#ending())
    return served
  }

  /** The error of whoever talked to it, or how it ended when that is what was behind it. */
  async explain(error: unknown): Promise<unknown> {
    await Promise.race([this.#ended, delay(lastWordsMs, undefined, { ref: false })])
    const { exitCode, signalCode } = this.#child
    return exitCode === null && signalCode === null ? error : new Error(this.#ending())
  }

  kill(): void {
    this.#child.kill("SIGKILL")
  }

  #send(message: ToServer): void {
    // One that is gone cannot be told anything; its end is reported to whoever waits for it.
    if (this.#child.connected) this.#child.send(message, () => {})
  }

  async #answer<Type extends FromServer["type"]>(
    type: Type,
    timeoutMs: number,
  ): Promise<Extract<FromServer, { type: Type }>> {
    const settled = new AbortController()
    const signal = AbortSignal.any([settled.signal, AbortSignal.timeout(timeoutMs)])
    try {
      const [message] = (await Promise.race([
        once(this.#child, "message", { signal }),
        this.#ended.then(() => [undefined]),
      ])) as [FromServer | undefined]
      if (message?.type === type) return message as Extract<FromServer, { type: Type }>
      throw new Error(message?.type === "failed" ? message.message : this.#ending())
    } finally {
      settled.abort()
    }
  }

  #ending(): string {
    const { exitCode, signalCode } = this.#child
    const how = signalCode === null ? `ended with code ${exitCode}` : `was ended by ${signalCode}`
    const why = signalCode === "SIGBUS" ? ": a page could not be had" : ""
    const words = this.#stderr === "" ? "" : `; it wrote:\n${this.#stderr.trimEnd()}`
    return `The server (pid ${this.pid}) ${how}${why}${words}`
  }
}
