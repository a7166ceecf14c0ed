import { type ChildProcess, fork } from "node:child_process"
import type { FromWorker, Job, ToWorker, WorkerResult } from "./messages.js"

const stderrCharactersMax = 2_000

/** One worker process. Its wave owns it; it says who it is in everything that goes wrong. */
export class WorkerProcess {
  readonly pid: number
  readonly #child: ChildProcess
  readonly #title: string
  readonly #ended: Promise<unknown>
  #stderr = ""

  constructor(
    program: URL,
    readonly job: Job<unknown>,
  ) {
    this.#child = fork(program, [`worker-${job.worker + 1}`], {
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    })
    this.pid = this.#child.pid ?? -1
    this.#title = `worker ${job.worker + 1} (pid ${this.pid}) on ${job.image}, way ${job.way},`
    this.#child.stderr?.on("data", (text: Buffer) => {
      this.#stderr = `${this.#stderr}${text}`.slice(-stderrCharactersMax)
    })
    this.#ended = new Promise((resolve) => {
      this.#child.once("close", resolve)
      this.#child.once("error", (error) => {
        this.#stderr = error.message
        resolve(error)
      })
    })
  }

  async prepare(timeoutMs: number): Promise<void> {
    this.#send({ type: "prepare", job: this.job })
    await this.#answer("ready", timeoutMs)
  }

  async go(timeoutMs: number): Promise<WorkerResult> {
    this.#send({ type: "go" })
    return (await this.#answer("done", timeoutMs)).result
  }

  /** Lets it close its session and end; it has to end well. */
  async leave(timeoutMs: number): Promise<void> {
    this.#send({ type: "leave" })
    await this.#answer("left", timeoutMs)
    await this.#ended
    if (this.#child.exitCode !== 0) throw new Error(`${this.#title} ${this.#ending()}`)
  }

  /** SIGKILL, which also ends one that is blocked in a fault. Returns when it is gone. */
  async end(): Promise<void> {
    this.#child.kill("SIGKILL")
    await this.#ended
  }

  #send(message: ToWorker): void {
    // A worker that is gone cannot be told anything; its end is reported to whoever waits for its
    // answer.
    if (this.#child.connected) this.#child.send(message, () => {})
  }

  async #answer<Type extends FromWorker["type"]>(
    type: Type,
    timeoutMs: number,
  ): Promise<Extract<FromWorker, { type: Type }>> {
    const message = await this.#nextMessage(type, timeoutMs)
    if (message.type === "failed") throw new Error(`${this.#title} failed: ${message.message}`)
    return message as Extract<FromWorker, { type: Type }>
  }

  #nextMessage(wanted: string, timeoutMs: number): Promise<FromWorker> {
    return new Promise((resolve, reject) => {
      const finish = (): void => {
        clearTimeout(timer)
        this.#child.off("message", onMessage)
        this.#child.off("close", onClose)
      }
      const onMessage = (message: unknown): void => {
        finish()
        resolve(message as FromWorker)
      }
      const onClose = (): void => {
        finish()
        reject(new Error(`${this.#title} ${this.#ending()}`))
      }
      const timer = setTimeout(() => {
        finish()
        reject(new Error(`${this.#title} was not "${wanted}" within ${timeoutMs / 1000} s`))
      }, timeoutMs)
      this.#child.on("message", onMessage)
      this.#child.on("close", onClose)
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) onClose()
    })
  }

  #ending(): string {
    const { exitCode, signalCode } = this.#child
    const how = signalCode === null ? `ended with code ${exitCode}` : `was ended by ${signalCode}`
    const why = signalCode === "SIGBUS" ? ": a page could not be had" : ""
    return `${how}${why}${this.#stderr === "" ? "" : `; it wrote:\n${this.#stderr.trimEnd()}`}`
  }
}
