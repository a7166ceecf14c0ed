import type { IncomingMessage } from "node:http"
import { reasonOf } from "../errors.js"
import { RequestError } from "./answer.js"
import { bodyBytesMax } from "./limits.js"

/** Reads a JSON body. The content type is not looked at: `curl -d` calls everything a form. */
export async function readJsonBody(
  request: IncomingMessage,
  bytesMax = bodyBytesMax,
): Promise<unknown> {
  const text = await readBody(request, bytesMax)
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new RequestError(400, "malformed_body", `The body is not JSON: ${reasonOf(error)}`)
  }
}

function readBody(request: IncomingMessage, bytesMax: number): Promise<string> {
  if (Number(request.headers["content-length"] ?? 0) > bytesMax) throw bodyTooLarge(bytesMax)
  const encoding = request.headers["content-encoding"] ?? "identity"
  if (encoding !== "identity") {
    const message = `The body's encoding is ${encoding}; only plain bodies are read`
    throw new RequestError(415, "unsupported_encoding", message)
  }

  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let lengthBytes = 0
    request.on("data", (chunk: Buffer) => {
      lengthBytes += chunk.length
      // The rest is let go by unread: destroying the request would take the answer along.
      if (lengthBytes > bytesMax) reject(bodyTooLarge(bytesMax))
      else chunks.push(chunk)
    })
    request.once("end", () => resolve(Buffer.concat(chunks).toString("utf8")))
    request.once("close", () => {
      reject(new RequestError(400, "malformed_body", "The body broke off"))
    })
  })
}

function bodyTooLarge(bytesMax: number): RequestError {
  const message = `The body is longer than ${bytesMax} bytes`
  return new RequestError(413, "body_too_large", message, { connection: "close" })
}
