import { PagerdError } from "../error.js"
import type { MemoryShape, ModuleShape } from "./binary/shape.js"

/** The one memory of a module that can be paged; throws PagerdError "unsupported_module". */
export function requirePageable(shape: ModuleShape): MemoryShape {
  const [memory, second] = shape.memories
  if (memory === undefined) throw refused("it has no memory: there is nothing to page")
  if (second !== undefined) {
    throw refused(`it has ${shape.memories.length} memories, wanted one`)
  }
  if (memory.unsupported !== undefined) {
    throw refused(`${memory.unsupported}, wanted plain 32-bit memory`)
  }
  const restorable = ["i32", "i64", "f32", "f64", "funcref", "externref"]
  for (const [index, { type, isMutable }] of shape.globals.entries()) {
    if (isMutable && !restorable.includes(type)) {
      throw refused(
        `its mutable global ${index} is a ${type}, wanted one of ${restorable.join(", ")}`,
      )
    }
  }
  return memory
}

/** Code that has run may have dropped segments, and nobody outside can tell which. */
export function requireVisibleEffects({ effects }: ModuleShape, what: string): void {
  const found = effects.dropsSegments
    ? "it can drop segments (data.drop, elem.drop)"
    : effects.unknown === undefined
      ? undefined
      : `it has an instruction that is not known here (${effects.unknown})`
  if (found !== undefined) {
    throw refused(`${found}, and whether ${what} did so cannot be seen afterwards`)
  }
}

/** Why an instance cannot be put back in place; undefined when it can. */
export function obstacleToReset({ effects, tables }: ModuleShape): string | undefined {
  if (effects.unknown !== undefined) return `instruction ${effects.unknown} may change anything`
  if (effects.changesTables) return "its code can change tables"
  if (effects.dropsSegments) return "its code can drop segments"
  if (tables.some(({ imported }) => imported !== undefined)) return "it imports a table"
  return undefined
}

const refused = (reason: string): PagerdError =>
  new PagerdError("unsupported_module", `Cannot page this WebAssembly module: ${reason}`)
