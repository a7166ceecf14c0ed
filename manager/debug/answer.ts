import type { ServerResponse } from "node:http"

/** What a route gives back: a whole body, or a stream that lasts until its reader goes. */
export type Answer = TextAnswer | StreamAnswer

interface AnswerHead {
  readonly status: number
  readonly contentType: string
  readonly headers?: Readonly<Record<string, string>>
}

export interface TextAnswer extends AnswerHead {
  readonly body: string
}

export interface StreamAnswer extends AnswerHead {
  /** Called once the head is sent. Ends the response itself. */
  readonly stream: (response: ServerResponse) => void
}

/**
 * A request that cannot be answered: what the client reads is the status, the code and the
 * sentence.
 */
export class RequestError extends Error {
  override readonly name = "RequestError"
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message)
  }
}

export function jsonAnswer(value: unknown, status = 200): TextAnswer {
  return { status, contentType: "application/json", body: `${JSON.stringify(value)}\n` }
}

export function errorAnswer(error: RequestError): TextAnswer {
  const { code, message, status, headers } = error
  return { ...jsonAnswer({ error: { code, message } }, status), headers }
}

/** Sends an answer; a HEAD request gets the head alone. */
export function send(response: ServerResponse, answer: Answer): void {
  const isHead = response.req.method === "HEAD"
  response.writeHead(answer.status, {
    "content-type": answer.contentType,
    "cache-control": "no-store",
    ...("body" in answer && answer.status !== 204
      ? { "content-length": Buffer.byteLength(answer.body) }
      : {}),
    ...answer.headers,
  })
  if (isHead) response.end()
  else if ("body" in answer) response.end(answer.body)
  else {
    response.flushHeaders()
    answer.stream(response)
  }
}
