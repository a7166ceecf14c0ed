import { constant, type FunctionSpec } from "./module_writer.js"

/** Functions for small modules, each with the instructions that it takes. */

export const localGet = (index: number): number[] => [0x20, index]
export const i32 = (value: number): number[] => constant("i32", value)
const alignedOnce = [0, 0]
export const storeByte = [0x3a, ...alignedOnce]
export const globalSet = (index: number): number[] => [0x24, index]

/** load(address): the byte there. */
export const load: FunctionSpec = {
  parameters: ["i32"],
  results: ["i32"],
  code: [...localGet(0), 0x2d, ...alignedOnce],
  exportAs: "load",
}

/** store(address, byte) */
export const store: FunctionSpec = {
  parameters: ["i32", "i32"],
  code: [...localGet(0), ...localGet(1), ...storeByte],
  exportAs: "store",
}

/** grow(pages): the pages there were. */
export const grow: FunctionSpec = {
  parameters: ["i32"],
  results: ["i32"],
  code: [...localGet(0), 0x40, 0],
  exportAs: "grow",
}

/** get(): global 0, an i32. */
export const get: FunctionSpec = { results: ["i32"], code: [0x23, 0], exportAs: "get" }

/** set(value): global 0, an i32. */
export const set: FunctionSpec = {
  parameters: ["i32"],
  code: [...localGet(0), ...globalSet(0)],
  exportAs: "set",
}

/** setThenTrap(value): sets global 0, writes the value to address 0, and traps. */
export const setThenTrap: FunctionSpec = {
  parameters: ["i32"],
  code: [...set.code, ...i32(0), ...localGet(0), ...storeByte, 0x00],
  exportAs: "setThenTrap",
}

/** What the functions above look like to a program. */
export interface SmallExports {
  load(address: number): number
  store(address: number, byte: number): void
  grow(pages: number): number
  get(): number
  set(value: number): void
  setThenTrap(value: number): void
}

export const smallFunctions = [load, store, grow, get, set, setThenTrap]
