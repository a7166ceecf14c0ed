import { type FunctionSpec, writeModule } from "../../wasm/module_writer.js"

const wasmPageBytes = 65_536

/** for (at = from; at < to; at += step) body, with parameters 0 to 2 as from, to and step. */
const loop = (body: readonly number[]): number[] => [
  ...[0x03, 0x40, 0x20, 0, 0x20, 1, 0x49, 0x04, 0x40],
  ...body,
  ...[0x20, 0, 0x20, 2, 0x6a, 0x21, 0, 0x0c, 1, 0x0b, 0x0b],
]

/** sum(from, to, step): of the words at these addresses. */
const sum: FunctionSpec = {
  parameters: ["i32", "i32", "i32"],
  results: ["i64"],
  locals: ["i64"],
  code: [...loop([0x20, 3, 0x20, 0, 0x29, 3, 0, 0x7c, 0x21, 3]), 0x20, 3],
  exportAs: "sum",
}

/** write(from, to, step, word) */
const write: FunctionSpec = {
  parameters: ["i32", "i32", "i32", "i64"],
  code: loop([0x20, 0, 0x20, 3, 0x37, 3, 0]),
  exportAs: "write",
}

export interface MeasuredExports {
  readonly memory: { readonly buffer: ArrayBuffer }
  sum(from: number, to: number, step: number): bigint
  write(from: number, to: number, step: number, word: bigint): void
}

/** A module whose memory is all initialised: by its data segment, or by whoever makes it. */
export function measuredModule(bytes: number, data?: Uint8Array): Uint8Array<ArrayBuffer> {
  return writeModule({
    memories: [{ initial: bytes / wasmPageBytes, exportAs: "memory" }],
    functions: [sum, write],
    ...(data === undefined ? {} : { data: [{ offset: 0, bytes: data }] }),
  })
}

/** Bytes of which no page is zero, and no page is like another. */
export function initialisedBytes(bytes: number): Uint8Array {
  const words = new Uint32Array(bytes / 4)
  for (let at = 0; at < words.length; at++) words[at] = Math.imul(at + 1, 0x9e3779b1)
  return new Uint8Array(words.buffer)
}
