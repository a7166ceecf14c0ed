import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { Duplex } from "node:stream"
import type { Logger } from "../log.js"
import type { Inspectable } from "../view.js"
import { errorAnswer, jsonAnswer, RequestError, send } from "./answer.js"
import { requestErrorOf } from "./failure.js"
import * as limits from "./limits.js"
import { matchRoute, type Route } from "./router.js"
import { faultRoutes } from "./routes_faults.js"
import { imageRoutes } from "./routes_images.js"
import { listenerRoutes } from "./routes_listeners.js"
import { viewRoutes } from "./routes_views.js"
import { workingSetRoutes } from "./routes_working_sets.js"
import { listenOnSocketFile } from "./socket_file.js"

export interface DebugServerOptions {
  /** Where the Unix socket is made, with mode 0600. */
  readonly path: string
  /** A listening socket for that path, made by a service manager. */
  readonly passed?: number | undefined
  readonly inspect: Inspectable
  readonly log: Logger
}

export interface DebugServer {
  /**
   * Stops accepting, ends the fault streams, and resolves when the last answer is out or its grace
   * is over.
   */
  close(): Promise<void>
}

/**
 * Starts the debug socket: HTTP/1.1 over a Unix socket. Rejects with a ManagerError when it cannot
 * listen.
 */
export async function startDebugServer(options: DebugServerOptions): Promise<DebugServer> {
  const followers = new Set<() => void>()
  const named = [...imageRoutes, ...listenerRoutes, ...workingSetRoutes]
  const routes = [...viewRoutes, ...named, ...faultRoutes(followers)]
  routes.unshift(indexRoute(routes))

  const server = createBoundedServer((request, response) => {
    void serveRequest(routes, options, request, response)
  })
  await listenOnSocketFile(server, options.path, options.passed)
  server.on("error", (error) => options.log.error({ err: error }, "debug socket failed"))

  return { close: () => closeServer(server, followers) }
}

function closeServer(server: Server, followers: ReadonlySet<() => void>): Promise<void> {
  return new Promise((resolve) => {
    // A follower that does not read, or a connection that never asked anything, would hold the end
    // up.
    const grace = setTimeout(() => server.closeAllConnections(), limits.closeGraceMs)
    server.close(() => {
      clearTimeout(grace)
      resolve()
    })
    for (const end of followers) end()
  })
}

function createBoundedServer(
  listener: (request: IncomingMessage, response: ServerResponse) => void,
): Server {
  const server = createServer(
    {
      maxHeaderSize: limits.headerBytesMax,
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      keepAliveTimeout: limits.keepAliveTimeoutMs,
      connectionsCheckingInterval: 1_000,
    },
    listener,
  )
  server.maxConnections = limits.connectionsMax
  server.setTimeout(limits.idleTimeoutMs)
  server.on("clientError", refuseMalformed)
  return server
}

async function serveRequest(
  routes: readonly Route[],
  { inspect, log }: DebugServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const match = matchRoute(routes, request.method ?? "", request.url ?? "/")
    const { query, argument } = match
    const answer = await match.route.answer({ inspect, log, request, query, argument })
    if (!response.destroyed) send(response, answer)
  } catch (error) {
    if (response.destroyed) return
    if (response.headersSent) response.destroy()
    else send(response, errorAnswer(requestErrorOf(error, log)))
  }
}

/** What came is no HTTP request, so there is no response object to answer with. */
function refuseMalformed(error: Error & { code?: string }, socket: Duplex): void {
  if (!socket.writable || error.code === "ECONNRESET") {
    socket.destroy()
    return
  }
  const { status, code } = malformedKinds[error.code ?? ""] ?? malformedKinds.default
  const body = errorAnswer(new RequestError(status, code, `Not served: ${error.message}`)).body
  socket.end(
    `HTTP/1.1 ${status} Refused\r\ncontent-type: application/json\r\nconnection: close\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
}

const malformedKinds: Record<string, { status: number; code: string }> & {
  default: { status: number; code: string }
} = {
  default: { status: 400, code: "malformed_request" },
  HPE_HEADER_OVERFLOW: { status: 431, code: "headers_too_large" },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, code: "request_timeout" },
}

function indexRoute(routes: readonly Route[]): Route {
  const known = routes.map(({ method, path, summary }) => ({ method, path, summary }))
  return {
    method: "GET",
    path: "/",
    summary: "this list",
    answer: ({ inspect }) => {
      const { name, version } = inspect.info()
      return jsonAnswer({ name, version, routes: known })
    },
  }
}
