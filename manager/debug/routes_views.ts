import { jsonAnswer, RequestError } from "./answer.js"
import { renderMetrics } from "./metrics.js"
import type { Route } from "./router.js"

/**
 * The manager as a whole, and looks at it. Lists are JSON arrays of the types in `manager/view.ts`.
 */
export const viewRoutes: readonly Route[] = [
  {
    method: "GET",
    path: "/healthz",
    summary: "200 while it serves, 503 while it drains",
    answer: ({ inspect }) => {
      const { state } = inspect.info()
      return jsonAnswer({ status: state }, state === "serving" ? 200 : 503)
    },
  },
  {
    method: "GET",
    path: "/metrics",
    summary: "everything to count, as Prometheus text",
    answer: async ({ inspect }) => ({ status: 200, ...(await renderMetrics(inspect)) }),
  },
  {
    method: "GET",
    path: "/v1/info",
    summary: "what runs here: version, paths, threads",
    answer: ({ inspect }) => jsonAnswer(inspect.info()),
  },
  {
    method: "POST",
    path: "/v1/drain",
    summary: "ends the manager, after what is under way; clients go on with the next one",
    answer: ({ inspect }) => {
      inspect.drain()
      return jsonAnswer({ state: "draining" }, 202)
    },
  },
  {
    method: "GET",
    path: "/v1/sessions",
    summary: "connected clients",
    answer: ({ inspect }) => jsonAnswer(inspect.sessions()),
  },
  {
    method: "GET",
    path: "/v1/sessions/:id",
    summary: "one client with its regions",
    answer: ({ inspect, argument }) => {
      const session = inspect.session(argument)
      if (session !== undefined) return jsonAnswer(session)
      throw new RequestError(404, "unknown_session", `There is no session ${argument}`)
    },
  },
  {
    method: "GET",
    path: "/v1/regions",
    summary: "every region of every client",
    answer: ({ inspect }) => jsonAnswer(inspect.regions()),
  },
  {
    method: "GET",
    path: "/v1/stats",
    summary: "totals and latency percentiles",
    answer: ({ inspect }) => jsonAnswer(inspect.stats()),
  },
]
