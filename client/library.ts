/**
 * libpagerd through koffi: what pagerd.h and foreign.h declare, in TypeScript's terms. Loaded on
 * first use, and kept as long as the module is.
 */
import { existsSync } from "node:fs"
import koffi from "koffi"
import { PagerdError } from "./error.js"
import { paths } from "./paths.js"

/** A pointer to something of the library's, or an address. Never 0n. */
export type Pointer = bigint

/** struct pagerd_failure, which every failing call fills in on the thread it ran on. */
export interface Failure {
  code: string
  text: string
}

/** struct pagerd_map_options */
export interface NativeMapOptions {
  readonly mode: number
  readonly offset_bytes: number
  readonly length_bytes: number
  readonly window_bytes: number
  readonly access: number
  readonly reserve_bytes: number
  readonly on_discard: number
}

type Settle<Result> = (error: Error | null, result: Result) => void

/** A function of foreign.h. Called plainly it blocks; `async` runs it on libuv's pool. */
export interface Fallible<Arguments extends readonly unknown[], Result> {
  (...callArguments: [...Arguments, Failure]): Result
  async(...callArguments: [...Arguments, Failure, Settle<Result>]): void
}

export interface Library {
  readonly connect: Fallible<[path: string | null], Pointer | null>
  readonly map: Fallible<
    [client: Pointer, image: string, options: NativeMapOptions],
    Pointer | null
  >
  readonly attach: Fallible<
    [
      client: Pointer,
      address: Pointer,
      lengthBytes: number,
      image: string,
      options: NativeMapOptions,
    ],
    Pointer | null
  >
  readonly publish: Fallible<
    [client: Pointer, name: string, file: number, nameOut: Uint8Array, nameBytes: number],
    number
  >
  readonly load: Fallible<[client: Pointer, image: string], number>
  readonly reset: Fallible<[region: Pointer], number>
  readonly prefault: Fallible<[region: Pointer, offsetBytes: number, lengthBytes: number], number>
  readonly unmap: Fallible<[region: Pointer], number>
  readonly retire: Fallible<[region: Pointer], number>
  readonly disconnect: {
    async(client: Pointer, settle: Settle<void>): void
  }
  readonly giveUp: (client: Pointer) => void
  readonly release: (address: Pointer, lengthBytes: number) => number
  readonly address: (region: Pointer) => Pointer
  readonly lengthBytes: (region: Pointer) => number
  readonly mode: (region: Pointer) => number
  readonly why: (region: Pointer) => string
  readonly poisoned: (client: Pointer, text: Uint8Array, textBytes: number) => number | bigint
}

let loaded: Library | undefined

export function library(): Library {
  loaded ??= load()
  return loaded
}

function load(): Library {
  const { library: file } = paths()
  if (!existsSync(file)) {
    throw new PagerdError("not_built", `libpagerd is not at ${file}: run "npm run setup"`)
  }
  const handle = koffi.load(file)
  const pointer = koffi.pointer("void")
  const options = koffi.pointer(
    koffi.struct({
      mode: "int",
      offset_bytes: "uint64_t",
      length_bytes: "uint64_t",
      window_bytes: "uint32_t",
      access: "int",
      reserve_bytes: "uint64_t",
      on_discard: "int",
    }),
  )
  const failure = koffi.out(
    koffi.pointer(koffi.struct({ code: koffi.array("char", 64), text: koffi.array("char", 1024) })),
  )
  const bytes = koffi.pointer("uint8_t")
  const foreign = (name: string, result: Spec, parameters: Spec[]): unknown =>
    handle.func(`pagerd_foreign_${name}`, result, [...parameters, failure])
  const plain = (name: string, result: Spec, parameters: Spec[]): unknown =>
    handle.func(`pagerd_${name}`, result, parameters)
  return {
    connect: foreign("connect", pointer, ["str"]),
    map: foreign("map", pointer, [pointer, "str", options]),
    attach: foreign("attach", pointer, [pointer, pointer, "size_t", "str", options]),
    publish: foreign("publish", "int", [pointer, "str", "int", bytes, "size_t"]),
    load: foreign("load", "int", [pointer, "str"]),
    reset: foreign("reset", "int", [pointer]),
    prefault: foreign("prefault", "int", [pointer, "size_t", "size_t"]),
    unmap: foreign("unmap", "int", [pointer]),
    retire: foreign("retire", "int", [pointer]),
    giveUp: handle.func("pagerd_foreign_give_up", "void", [pointer]),
    disconnect: plain("disconnect", "void", [pointer]),
    release: plain("release", "int", [pointer, "size_t"]),
    address: plain("address", pointer, [pointer]),
    lengthBytes: plain("length_bytes", "size_t", [pointer]),
    mode: plain("region_mode", "int", [pointer]),
    why: plain("region_why", "str", [pointer]),
    poisoned: plain("poisoned", "uint64_t", [pointer, bytes, "size_t"]),
  } as Library
}

type Spec = Parameters<typeof koffi.as>[1]
