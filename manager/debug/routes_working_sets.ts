import { MalformedWorkingSet } from "../working_sets/format.js"
import { jsonAnswer, RequestError } from "./answer.js"
import { readJsonBody } from "./body.js"
import { workingSetBytesMax } from "./limits.js"
import type { Call, Route } from "./router.js"

export const workingSetRoutes: readonly Route[] = [
  {
    method: "GET",
    path: "/v1/working_sets",
    summary: "what runs need of each image first, and how replaying it does",
    answer: ({ inspect }) => jsonAnswer(inspect.workingSets.list()),
  },
  {
    method: "GET",
    path: "/v1/working_sets/:name*",
    summary: "one of them with its ranges in their order; ?export=1 gives a file of it",
    parameters: ["export", "page_bytes"],
    answer: (call) => {
      const { inspect, argument, query } = call
      const { workingSets } = inspect
      const isExport = query.get("export") === "1"
      const pageBytes = query.has("page_bytes") ? Number(query.get("page_bytes")) : undefined
      const found = isExport
        ? workingSets.file(argument, pageBytes)
        : workingSets.find(argument, pageBytes)
      return jsonAnswer(found ?? no(call))
    },
  },
  {
    method: "POST",
    path: "/v1/working_sets/:name*",
    summary: "takes such a file for the image of that name, in place of what was recorded",
    answer: async ({ inspect, request, argument }) => {
      const file = await readJsonBody(request, workingSetBytesMax)
      try {
        return jsonAnswer(inspect.workingSets.take(argument, file))
      } catch (error) {
        if (!(error instanceof MalformedWorkingSet)) throw error
        const message = `The file cannot be taken as a working set of ${argument}: ${error.message}`
        throw new RequestError(422, "malformed_working_set", message)
      }
    },
  },
  {
    method: "DELETE",
    path: "/v1/working_sets/:name*",
    summary: "forgets a working set; the next run is recorded",
    answer: (call) => {
      if (!call.inspect.workingSets.remove(call.argument)) no(call)
      return { ...jsonAnswer(null, 204), body: "" }
    },
  },
]

function no({ argument }: Call): never {
  const message = `There is no working set of an image "${argument}"`
  throw new RequestError(404, "unknown_working_set", message)
}
