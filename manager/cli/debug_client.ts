import { stat } from "node:fs/promises"
import { type IncomingMessage, request } from "node:http"
import { errnoOf, reasonOf } from "../errors.js"
import { CommandFailure, exitCodes } from "./failure.js"
import { userName } from "./user_name.js"

/**
 * Asks a manager's debug socket. Every failure is a CommandFailure in words; types of answers are
 * the caller's claim.
 */
export class DebugClient {
  constructor(
    readonly path: string,
    private readonly answerTimeoutMs = 30_000,
  ) {}

  /** The same, for what takes as long as it takes. */
  patient(): DebugClient {
    return new DebugClient(this.path, 0)
  }

  async get<Answer>(target: string): Promise<Answer> {
    return JSON.parse(await this.#ask("GET", target)) as Answer
  }

  async post<Answer>(target: string, body: object = {}): Promise<Answer> {
    return JSON.parse(await this.#ask("POST", target, JSON.stringify(body))) as Answer
  }

  async delete(target: string): Promise<void> {
    await this.#ask("DELETE", target)
  }

  /** The lines of a stream, until it ends or the signal ends it. */
  async *lines(target: string, signal: AbortSignal): AsyncGenerator<string> {
    const response = await this.#open("GET", target, undefined, signal)
    if (response.statusCode !== 200) throw refusal(await readAll(response))
    let rest = ""
    try {
      response.setEncoding("utf8")
      for await (const chunk of response as AsyncIterable<string>) {
        const parts = (rest + chunk).split("\n")
        rest = parts.pop() ?? ""
        yield* parts
      }
    } catch (error) {
      if (!signal.aborted) throw await this.#connectionFailure(error)
    }
  }

  async #ask(method: string, target: string, body?: string): Promise<string> {
    const response = await this.#open(method, target, body)
    const text = await readAll(response)
    if ((response.statusCode ?? 0) >= 400) throw refusal(text)
    return text
  }

  #open(
    method: string,
    target: string,
    body?: string,
    signal?: AbortSignal,
  ): Promise<IncomingMessage> {
    const headers = body === undefined ? {} : { "content-type": "application/json" }
    const options = { socketPath: this.path, method, path: target, headers, agent: false }
    return new Promise((resolve, reject) => {
      const outgoing = request(signal ? { ...options, signal } : options, (response) => {
        // A stream may be quiet for as long as it likes.
        if (signal !== undefined) outgoing.setTimeout(0)
        resolve(response)
      })
      outgoing.setTimeout(this.answerTimeoutMs, () => {
        outgoing.destroy(new Error(`no answer within ${this.answerTimeoutMs / 1e3} s`))
      })
      outgoing.on("error", (error) => {
        this.#connectionFailure(error).then(reject, reject)
      })
      outgoing.end(body)
    })
  }

  async #connectionFailure(error: unknown): Promise<CommandFailure> {
    const code = errnoOf(error)
    const unreachable = (kind: string, text: string) =>
      new CommandFailure(exitCodes.unreachable, kind, text)
    if (code === "ENOENT" || code === "ECONNREFUSED" || code === "ENOTDIR") {
      const text = `no pagerd listens on ${this.path}: start one with \`pagerd serve\``
      return unreachable("no_manager", text)
    }
    if (code === "EACCES" || code === "EPERM") {
      const text = `this user may not ask ${this.path}: ${await ownerOf(this.path)}`
      return unreachable("forbidden", text)
    }
    const text = `the connection to ${this.path} broke: ${reasonOf(error)}`
    return unreachable("connection_broken", text)
  }
}

/** What the manager says when it does not do what was asked. */
function refusal(text: string): CommandFailure {
  try {
    const { error } = JSON.parse(text) as { error: { code: string; message: string } }
    return new CommandFailure(exitCodes.failed, error.code, error.message)
  } catch {
    return new CommandFailure(exitCodes.failed, "no_pagerd", `not pagerd's answer: ${text}`)
  }
}

async function ownerOf(path: string): Promise<string> {
  try {
    const { uid, mode } = await stat(path)
    const owner = await userName(uid)
    const bits = (mode & 0o777).toString(8).padStart(4, "0")
    return `it belongs to ${owner} (mode ${bits}); try \`sudo -u ${owner} pagerd ...\``
  } catch {
    return "its directory is closed to this user; try `sudo pagerd ...`"
  }
}

async function readAll(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks).toString("utf8")
}
