import { bulkPrefix, plain, prefixed } from "./opcodes.js"
import type { Reader } from "./reader.js"
import { readValueType } from "./types.js"

/** What a piece of code may do to an instance besides its memory and its globals. */
export interface Effects {
  changesTables: boolean
  dropsSegments: boolean
  /** The first instruction that is not known here, and may do anything. */
  unknown: string | undefined
}

export const noEffects = (): Effects => ({
  changesTables: false,
  dropsSegments: false,
  unknown: undefined,
})

const tableSet = 0x26
const tableChanges = [12, 14, 15, 17]
const drops = [9, 13]
const end = 0x0b

/** Reads one instruction and notes what it may do. False when it is not known. */
function readInstruction(reader: Reader, effects: Effects): boolean {
  const opcode = reader.byte("an instruction")
  const family = prefixed.get(opcode)
  const code = family === undefined ? opcode : reader.u32("an instruction")
  const immediate = (family ?? plain).get(code)
  if (immediate === undefined) {
    const prefix = family === undefined ? "" : `0x${opcode.toString(16)} `
    effects.unknown ??= `${prefix}0x${code.toString(16)}`
    return false
  }
  if (family === undefined && code === tableSet) effects.changesTables = true
  if (opcode === bulkPrefix && tableChanges.includes(code)) effects.changesTables = true
  if (opcode === bulkPrefix && drops.includes(code)) effects.dropsSegments = true
  immediate(reader)
  return true
}

/** Up to the end, or the first instruction that is not known. */
function readBody(body: Reader, effects: Effects): void {
  for (let groups = body.count("how many locals"); groups > 0; groups -= 1) {
    body.u32("how many locals")
    readValueType(body)
  }
  for (;;) {
    const opcode = body.peek("the end of a function")
    if (!readInstruction(body, effects)) return
    if (!body.isAtEnd) continue
    // Whatever was taken for an instruction would be off by now if one had been misread.
    if (opcode !== end) throw body.failure(`0x${opcode.toString(16)} before it`, "a function's end")
    return
  }
}

/** The code section: what any function of the module may do. */
export function readEffects(reader: Reader): Effects {
  const effects = noEffects()
  for (let left = reader.count("how many functions"); left > 0; left -= 1) {
    readBody(reader.part(reader.u32("the size of a function"), "a function"), effects)
  }
  reader.requireEnd("the code section")
  return effects
}

/**
 * Steps over the expression that gives a global, a table or a segment's offset its value: it has no
 * blocks, so its first `end` is its own.
 */
export function skipConstant(reader: Reader): void {
  for (;;) {
    const position = reader.position
    const effects = noEffects()
    const opcode = reader.peek("an instruction")
    if (!readInstruction(reader, effects)) {
      throw reader.failure(`instruction ${effects.unknown} (byte ${position})`, "a constant")
    }
    if (opcode === end) return
  }
}
