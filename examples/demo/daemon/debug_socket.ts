import { type IncomingMessage, request } from "node:http"

/** The fields of `/v1/sessions` that the demo shows. */
export interface Session {
  readonly pid: number
  readonly faults: { readonly missing: number; readonly minor: number }
  readonly resident_pages: number
  readonly fault_service_us_p50: number
  readonly fault_service_us_p99: number
}

/** The fields of `/v1/images` that the demo shows. */
export interface Image {
  readonly name: string
  readonly resident_bytes: number
}

/** The manager's debug socket: HTTP over a Unix socket. */
export class DebugSocket {
  constructor(readonly path: string) {}

  sessions(): Promise<Session[]> {
    return this.#ask("GET", "/v1/sessions")
  }

  images(): Promise<Image[]> {
    return this.#ask("GET", "/v1/images")
  }

  async addImage(name: string, source: string): Promise<void> {
    await this.#ask("POST", "/v1/images", { name, source })
  }

  #ask<Body>(method: string, resource: string, body?: unknown): Promise<Body> {
    return new Promise((resolve, reject) => {
      const headers = body === undefined ? {} : { "content-type": "application/json" }
      const options = { socketPath: this.path, method, path: resource, headers, agent: false }
      const outgoing = request(options, (answer) => {
        readBody(answer).then((text) => {
          const status = answer.statusCode ?? 0
          if (status >= 200 && status < 300) resolve(JSON.parse(text) as Body)
          else
            reject(new Error(`${method} ${resource} on ${this.path} answered ${status}: ${text}`))
        }, reject)
      })
      outgoing.on("error", reject)
      outgoing.end(body === undefined ? undefined : JSON.stringify(body))
    })
  }
}

async function readBody(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of answer) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}
