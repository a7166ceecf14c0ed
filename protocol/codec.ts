/**
 * Frames to messages and back. Whatever a frame holds, decoding yields a message or a
 * MalformedFrame.
 */
import { Packr } from "msgpackr"
import type { z } from "zod"
import { findMisshape, printable } from "./frame_shape.js"
import { frameBytesMax } from "./limits.js"
import { type ClientMessage, clientMessage, type ManagerMessage } from "./messages.js"

/**
 * No records: they are msgpackr's own extension, which no client in another language could read.
 */
const packr = new Packr({
  useRecords: false,
  variableMapSize: true,
  // A number below 2^53 and a bigint above it; the package's types do not know of it.
  int64AsType: "auto" as "bigint",
  encodeUndefinedAsNil: true,
})

/** The sentence says which field, what was found in it and what was wanted. */
export class MalformedFrame extends Error {
  override readonly name = "MalformedFrame"
  constructor(
    message: string,
    /** The number of the request that the frame makes, 0 when it cannot be told. */
    readonly request: number,
  ) {
    super(message)
  }
}

export function decodeClientMessage(frame: Uint8Array): ClientMessage {
  const fields = unpack(frame)
  const parsed = clientMessage.safeParse(fields, { reportInput: true })
  if (parsed.success) return parsed.data
  throw new MalformedFrame(explain(fields, parsed.error), requestOf(fields))
}

export function encodeManagerMessage(message: ManagerMessage): Uint8Array {
  return pack(message)
}

export function encodeClientMessage(message: ClientMessage): Uint8Array {
  return pack(message)
}

/** For those who trust their manager: only the frame's shape is checked. */
export function decodeManagerMessage(frame: Uint8Array): ManagerMessage {
  return unpack(frame) as unknown as ManagerMessage
}

const requestMax = 0xffff_ffff

type Fields = Readonly<Record<string, unknown>>

function pack(message: ManagerMessage | ClientMessage): Uint8Array {
  const frame = packr.pack(message)
  if (frame.length > frameBytesMax) {
    throw new RangeError(`A "${message.type}" of ${frame.length} bytes exceeds ${frameBytesMax}`)
  }
  return frame
}

function unpack(frame: Uint8Array): Fields {
  const misshape = findMisshape(frame)
  if (misshape !== undefined) throw new MalformedFrame(`Malformed frame: ${misshape}`, 0)
  return packr.unpack(frame) as Fields
}

function requestOf(fields: Fields): number {
  const { request } = fields
  const isNumber = Number.isInteger(request) && Number(request) > 0
  return isNumber && Number(request) <= requestMax ? Number(request) : 0
}

function explain(fields: Fields, error: z.ZodError): string {
  const issue = error.issues[0]
  if (issue === undefined) throw new Error("a failed check names no issue")
  const field = issue.path.join(".")
  const found = show(valueAt(fields, issue.path))
  if (field === "type") {
    const types = clientMessage.options.map((option) => option.shape.type.value).join(", ")
    return `Malformed frame: field "type" is ${found}, wanted one of ${types}`
  }
  return `Malformed "${fields.type}": field "${field}" is ${found}, ${wanted(issue)}`
}

function valueAt(fields: Fields, path: readonly PropertyKey[]): unknown {
  let value: unknown = fields
  for (const step of path) value = (value as Record<PropertyKey, unknown>)[step]
  return value
}

function wanted(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return `wanted ${nouns.get(issue.expected) ?? issue.expected}`
    case "invalid_value":
      return `wanted one of ${issue.values.map(String).join(", ")}`
    case "too_big":
      return `wanted at most ${issue.maximum}${units.get(issue.origin) ?? ""}`
    case "too_small":
      return `wanted at least ${issue.minimum}`
    case "invalid_union":
      return wantedOfUnion(issue)
    default:
      return `but ${issue.message}`
  }
}

const nouns = new Map([
  ["int", "a whole number"],
  ["number", "a whole number"],
  ["bigint", "a whole number"],
  ["string", "a string"],
  ["boolean", "a boolean"],
  ["array", "a list"],
])

const units = new Map([
  ["string", " characters"],
  ["array", " elements"],
])

/** Of the alternatives' complaints, one that is about more than the type, if there is one. */
function wantedOfUnion(issue: z.core.$ZodIssueInvalidUnion): string {
  const complaints = issue.errors.flat()
  const telling = complaints.find((complaint) => !isAboutType(complaint)) ?? complaints.at(-1)
  return telling === undefined ? "wanted something else" : wanted(telling)
}

function isAboutType(issue: z.core.$ZodIssue): boolean {
  return issue.code === "invalid_type" || issue.code === "invalid_value"
}

function show(value: unknown): string {
  if (value === undefined) return "missing"
  if (Array.isArray(value)) return `a list of ${value.length}`
  return typeof value === "string" ? `"${printable(value)}"` : String(value)
}
