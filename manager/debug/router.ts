import type { IncomingMessage } from "node:http"
import type { Logger } from "../log.js"
import type { Inspectable } from "../view.js"
import { type Answer, RequestError } from "./answer.js"

export type Method = "GET" | "POST" | "DELETE"

/** One request on its way through a route. Lives until the answer is sent. */
export interface Call {
  readonly inspect: Inspectable
  readonly log: Logger
  readonly request: IncomingMessage
  readonly query: URLSearchParams
  /** What stood in the place of the path's ":name". */
  readonly argument: string
}

/** One thing the debug socket can be asked. */
export interface Route {
  readonly method: Method
  /**
   * A last segment ":name" takes one segment; ":name*" takes what is there up to the end, or up to
   * what is behind it, slashes included.
   */
  readonly path: string
  readonly summary: string
  /**
   * Query parameters it knows. Any other is refused, so that a misspelt one is not silently
   * ignored.
   */
  readonly parameters?: readonly string[]
  readonly answer: (call: Call) => Answer | Promise<Answer>
}

export interface Match {
  readonly route: Route
  readonly argument: string
  readonly query: URLSearchParams
}

/** Finds the route of a request target; throws a RequestError that says what there is instead. */
export function matchRoute(routes: readonly Route[], method: string, target: string): Match {
  const { path, query } = splitTarget(target)
  const matches = routes.flatMap((route) => {
    const argument = matchPath(route.path, path)
    return argument === undefined ? [] : [{ route, argument, query }]
  })
  if (matches.length === 0) {
    throw new RequestError(404, "unknown_route", `There is no ${path} here; GET / lists what is`)
  }

  const wanted = method === "HEAD" ? "GET" : method
  const match = matches.find(({ route }) => route.method === wanted)
  if (match === undefined) throw methodNotAllowed(method, path, matches)

  for (const name of query.keys()) {
    if (!match.route.parameters?.includes(name)) throw unknownParameter(name, match.route)
  }
  return match
}

/**
 * Splits the raw target without normalising it: `new URL` would turn "/v1/images/a/../b" into the
 * name of another image. The absolute form, "GET http://host/path", is what proxies send.
 */
function splitTarget(target: string): { path: string; query: URLSearchParams } {
  const relative = target.replace(/^https?:\/\/[^/?]*/i, "")
  const end = relative.indexOf("?")
  const path = end < 0 ? relative : relative.slice(0, end)
  return { path: path || "/", query: new URLSearchParams(end < 0 ? "" : relative.slice(end + 1)) }
}

/** The argument ("" when the pattern has none), or undefined when the path does not fit. */
function matchPath(pattern: string, path: string): string | undefined {
  const colon = pattern.indexOf(":")
  if (colon < 0) return path === pattern ? "" : undefined
  if (!path.startsWith(pattern.slice(0, colon))) return undefined
  const star = pattern.indexOf("*")
  const behind = star < 0 ? "" : pattern.slice(star + 1)
  if (!path.endsWith(behind)) return undefined
  const rest = path.slice(colon, path.length - behind.length)
  if (rest === "" || (rest.includes("/") && star < 0)) return undefined
  try {
    return decodeURIComponent(rest)
  } catch {
    throw new RequestError(400, "malformed_path", `${path} has a broken %-escape`)
  }
}

function methodNotAllowed(method: string, path: string, matches: readonly Match[]): RequestError {
  const methods = matches.map(({ route }) => route.method)
  const allow = methods.includes("GET") ? ["HEAD", ...methods] : methods
  const message = `${path} takes ${methods.join(" and ")}, not ${method}`
  return new RequestError(405, "method_not_allowed", message, { allow: allow.join(", ") })
}

function unknownParameter(name: string, route: Route): RequestError {
  const known = route.parameters?.map((parameter) => `?${parameter}`).join(", ") ?? "none"
  const message = `${route.path} has no parameter ?${name}; it knows ${known}`
  return new RequestError(400, "unknown_parameter", message)
}
