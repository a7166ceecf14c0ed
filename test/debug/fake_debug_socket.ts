import { type IncomingMessage, request } from "node:http"
import { join } from "node:path"
import { pino } from "pino"
import { startDebugServer } from "../../manager/debug/server.js"
import { scratchDirectory } from "../harness/scratch.js"
import { FakeManager } from "./fake_manager.js"

/** A debug socket over a fake manager, in a directory of its own. */
export interface FakeDebugSocket {
  readonly path: string
  readonly manager: FakeManager
  ask(method: string, target: string, body?: string): Promise<Reply>
  open(target: string): Promise<IncomingMessage>
  close(): Promise<void>
}

export interface Reply {
  readonly status: number
  readonly headers: IncomingMessage["headers"]
  readonly text: string
  /** The body as JSON. */
  json(): unknown
}

export async function startFakeDebugSocket(): Promise<FakeDebugSocket> {
  const path = join(scratchDirectory(), "debug.sock")
  const manager = new FakeManager()
  const server = await startDebugServer({ path, inspect: manager, log: pino({ level: "silent" }) })

  const open = (target: string, method = "GET", body?: string) =>
    new Promise<IncomingMessage>((resolve, reject) => {
      const asked = request({ socketPath: path, path: target, method, agent: false }, resolve)
      asked.once("error", reject)
      asked.end(body)
    })

  return {
    path,
    manager,
    open,
    async ask(method, target, body) {
      const response = await open(target, method, body)
      const text = await readAll(response)
      const json = () => JSON.parse(text) as unknown
      return { status: response.statusCode ?? 0, headers: response.headers, text, json }
    },
    close: () => server.close(),
  }
}

async function readAll(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks).toString("utf8")
}
