import type { IncomingMessage } from "node:http"
import { isAbsolute } from "node:path"
import { z } from "zod"
import { imageName } from "../../protocol/messages.js"
import { layersOf, schemeOf } from "../images/source.js"
import { jsonAnswer, RequestError } from "./answer.js"
import { readJsonBody } from "./body.js"
import type { Route } from "./router.js"

const ids = z.array(z.number().int().min(0).max(0xffff_fffe)).max(4_096)

/** Paths joined by commas, or a list of them, are the layers of one image. */
const source = z
  .union([z.string(), z.array(z.string())], "a source is a string, or a list of paths")
  .refine(
    (given) => (typeof given === "string" ? layersOf(given) : given).every(isAbsoluteSource),
    "a source is an absolute path or a URL, or several such paths: the manager's directory is " +
      "not the caller's",
  )

function isAbsoluteSource(source: string): boolean {
  // A layer without a name is refused with its place.
  return source === "" || isAbsolute(source) || schemeOf(source) !== undefined
}

const newImage = z.strictObject({
  name: imageName,
  source,
  writable: z.boolean().optional(),
  load: z.boolean().optional(),
  allow_uids: ids.optional(),
  allow_gids: ids.optional(),
})

export const imageRoutes: readonly Route[] = [
  {
    method: "GET",
    path: "/v1/images",
    summary: "images and how much of each is in memory",
    answer: ({ inspect }) => jsonAnswer(inspect.images()),
  },
  {
    method: "POST",
    path: "/v1/images",
    summary: "registers an image; body {name, source, writable?, load?, allow_uids?, allow_gids?}",
    answer: async ({ inspect, request }) => {
      const wanted = newImage.safeParse(await readJsonBody(request))
      if (!wanted.success) {
        throw new RequestError(400, "malformed_body", describeIssues(wanted.error))
      }
      const { name, source, writable = false, load = false } = wanted.data
      const { allow_uids: allowUids, allow_gids: allowGids } = wanted.data
      if (load) awaitLongAnswer(request)
      const options = { writable, load, allowUids, allowGids }
      return jsonAnswer(await inspect.addImage(name, source, options), 201)
    },
  },
  {
    method: "POST",
    path: "/v1/images/:name*/load",
    summary: "brings all of an image into memory, and answers then",
    answer: async ({ inspect, request, argument }) => {
      awaitLongAnswer(request)
      return jsonAnswer(await inspect.loadImage(argument))
    },
  },
  {
    method: "DELETE",
    path: "/v1/images/:name*",
    summary: "forgets an image; regions that map it keep it",
    answer: ({ inspect, argument }) => {
      inspect.removeImage(argument)
      return { ...jsonAnswer(null, 204), body: "" }
    },
  },
]

/** The connection is quiet for as long as an image's source takes. */
function awaitLongAnswer(request: IncomingMessage): void {
  request.socket.setTimeout(0)
}

function describeIssues(error: z.ZodError): string {
  const issues = error.issues.map(({ path, message }) => {
    const field = path.join(".")
    return field === "" ? message : `${field}: ${message}`
  })
  const wanted = '{"name": "...", "source": "...", "writable": false, "load": false}'
  return `The body must be ${wanted}: ${issues.join("; ")}`
}
