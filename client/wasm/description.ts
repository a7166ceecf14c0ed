import { z } from "zod"
import { numericTypes } from "./binary/types.js"

/** All numbers of sizes are as the module has them: memories in pages of 64 KiB. */
const size = z.number().int().nonnegative()
const sha256 = z.string().regex(/^[0-9a-f]{64}$/)
const importName = z.object({ module: z.string(), name: z.string() })

/** A number's bits, in hexadecimal. */
const bits = z.string().regex(/^[0-9a-f]{1,16}$/)

/** What image.json holds: all of a wasm image but its memory's bytes and its module. */
export const imageDescription = z.object({
  format: z.literal("pagerd-wasm-image"),
  version: z.literal(1),
  name: z.string().min(1).max(255),
  memory: z.object({
    initial: size.min(1),
    maximum: size.optional(),
    /** When the module does not define it itself. */
    imported: importName.optional(),
    sha256,
  }),
  module: z.object({ sha256, private_prefix: z.string().min(1) }),
  /** Mutable globals, by index. */
  globals: z.array(
    z.discriminatedUnion("type", [
      z.object({ index: size, type: z.enum(numericTypes), bits }),
      z.object({ index: size, type: z.literal("reference") }),
    ]),
  ),
  /** Numbers that were imported: the memory may depend on them. */
  constants: z.array(importName.extend({ type: z.enum(numericTypes), bits })),
  tables: z.array(
    z.object({ initial: size, maximum: size.optional(), imported: importName.optional() }),
  ),
  /** Why an instance has to be made anew to reset it; absent when it can stay. */
  not_in_place: z.string().optional(),
})

export type ImageDescription = z.infer<typeof imageDescription>
export type SavedGlobal = ImageDescription["globals"][number]
export type ImportedConstant = ImageDescription["constants"][number]
