import { isAbsolute } from "node:path"
import { z } from "zod"
import { imageName } from "../../protocol/messages.js"
import { populateRateMax, populateRateMin } from "../dialects/firecracker/populate_rate.js"
import { jsonAnswer, RequestError } from "./answer.js"
import { readJsonBody } from "./body.js"
import type { Route } from "./router.js"

const id = z.number().int().min(0).max(0xffff_fffe)

const newListener = z.strictObject({
  dialect: z.literal("firecracker"),
  image: imageName,
  path: z
    .string()
    .max(4096)
    .refine(isAbsolute, "a path is absolute: the manager's directory is not the caller's"),
  once: z.boolean().default(false),
  mode: z
    .string()
    .regex(/^0?[0-7]{3}$/, "a mode is three octal digits")
    .default("0600"),
  owner: z.strictObject({ uid: id, gid: id }).optional(),
  populate_bytes_per_second: z.number().int().min(populateRateMin).max(populateRateMax).optional(),
})

export const listenerRoutes: readonly Route[] = [
  {
    method: "GET",
    path: "/v1/listeners",
    summary: "paths where VMMs find an image",
    answer: ({ inspect }) => jsonAnswer(inspect.listeners()),
  },
  {
    method: "POST",
    path: "/v1/listeners",
    summary:
      "listens for VMMs; body {dialect, image, path, once?, mode?, owner?: {uid, gid}, " +
      "populate_bytes_per_second?}",
    answer: async ({ inspect, request }) => {
      const wanted = newListener.safeParse(await readJsonBody(request))
      if (!wanted.success) {
        const issues = wanted.error.issues.map(({ path, message }) => {
          return path.length === 0 ? message : `${path.join(".")}: ${message}`
        })
        const body = '{"dialect": "firecracker", "image": "...", "path": "..."}'
        throw new RequestError(
          400,
          "malformed_body",
          `The body must be ${body}: ${issues.join("; ")}`,
        )
      }
      const { image, path, once, mode, owner } = wanted.data
      const { populate_bytes_per_second: populateBytesPerSecond } = wanted.data
      const options = { once, mode: Number.parseInt(mode, 8), owner, populateBytesPerSecond }
      return jsonAnswer(inspect.addListener(image, path, options), 201)
    },
  },
  {
    method: "DELETE",
    path: "/v1/listeners/:path*",
    summary: "listens there no more; VMs that are served go on",
    answer: ({ inspect, argument }) => {
      inspect.removeListener(argument)
      return { ...jsonAnswer(null, 204), body: "" }
    },
  },
]
