import { type IncomingMessage, request } from "node:http"

/** What a debug socket answered. */
export interface Answer {
  readonly status: number
  readonly headers: IncomingMessage["headers"]
  readonly text: string
}

/** A manager's debug socket, as any HTTP client sees it. */
export class DebugSocket {
  constructor(readonly path: string) {}

  /**
   * The body of a successful GET, parsed. The type is the caller's claim (manager/view.ts has
   * them).
   */
  async get<T>(resource: string): Promise<T> {
    const { status, text } = await this.ask("GET", resource)
    if (status !== 200) throw new Error(`GET ${resource} answered ${status}: ${text}`)
    return JSON.parse(text) as T
  }

  /** Any request, and whatever came back. */
  ask(method: string, resource: string, body?: unknown): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const headers = body === undefined ? {} : { "content-type": "application/json" }
      const options = { socketPath: this.path, method, path: resource, headers, agent: false }
      const outgoing = request(options, (answer) => {
        const chunks: Buffer[] = []
        answer.on("data", (chunk: Buffer) => chunks.push(chunk))
        answer.on("error", reject)
        answer.on("end", () => {
          const text = Buffer.concat(chunks).toString()
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text })
        })
      })
      outgoing.on("error", reject)
      outgoing.end(body === undefined ? undefined : JSON.stringify(body))
    })
  }
}
