import { PagerdError } from "../error.js"
import { exposeState, PrivateNames, stripModule } from "./binary/rewrite.js"
import { type MemoryShape, type ModuleShape, readShape } from "./binary/shape.js"
import type { ImageDescription, ImportedConstant, SavedGlobal } from "./description.js"
import { ownExports } from "./exports.js"
import { hashOf } from "./hash.js"
import { WasmImage } from "./image.js"
import { withMemory } from "./imports.js"
import { bitsOf } from "./numbers.js"
import { obstacleToReset, requirePageable, requireVisibleEffects } from "./pageable.js"
import { entriesOf, importedNumber, isNumeric } from "./state.js"
import {
  bytesOf,
  type Exports,
  type Global,
  type GrowableMemory,
  type Imports,
  pagesOf,
  type Table,
  webAssembly,
} from "./webassembly.js"

/** The instance that an image is made of. */
export interface BuildInstance {
  readonly exports: Exports
  readonly memory: GrowableMemory
}

export interface BuildOptions {
  /** As for WebAssembly.instantiate(). A memory may be left out: one is made. */
  readonly imports?: Imports
  /** Whatever is to have happened already in every instance, such as `_initialize`. */
  readonly init?: (instance: BuildInstance) => void | Promise<void>
  /** For people. Default: made of what the image holds. */
  readonly name?: string
}

/**
 * Runs a module's start function and `init` in an instance of it, and makes an image of what is
 * there then. What they do outside the instance, through imports, is in no image. Throws
 * PagerdError "bad_module", "unsupported_module" or "unsupported_image" with the reason.
 */
export async function buildImage(
  wasm: Uint8Array | ArrayBuffer,
  options: BuildOptions = {},
): Promise<WasmImage> {
  const shape = readShape(wasm instanceof Uint8Array ? wasm : new Uint8Array(wasm))
  const memoryShape = requirePageable(shape)
  if (shape.start !== undefined) requireVisibleEffects(shape, "its start function")
  if (options.init !== undefined) requireVisibleEffects(shape, "init")
  const names = PrivateNames.for(shape)
  const exposed = exposeState(shape, names)
  const module = await webAssembly.compile(exposed)
  const given = options.imports ?? {}
  const imports = withMemory(given, memoryShape)
  const { exports } = new webAssembly.Instance(module, imports)

  const unrestorable = new Unrestorable(shape, names, exports)
  ;(exports[names.start] as (() => void) | undefined)?.()
  const memory = exports[names.memory] as GrowableMemory
  await options.init?.({ exports: ownExports(exports, names, () => {}), memory })
  unrestorable.requireUnchanged()

  return await capture({ shape, memoryShape, names, exposed, exports, imports }, options.name)
}

interface Built {
  readonly shape: ModuleShape
  readonly memoryShape: MemoryShape
  readonly names: PrivateNames
  readonly exposed: Uint8Array
  readonly exports: Exports
  readonly imports: Imports
}

async function capture(built: Built, name: string | undefined): Promise<WasmImage> {
  const { shape, memoryShape, names, exposed, exports } = built
  const memory = exports[names.memory] as GrowableMemory
  const bytes = bytesOf(memory).slice()
  const initial = pagesOf(memory)
  if (initial === 0) {
    throw new PagerdError("unsupported_image", "The memory is empty: there is nothing to page")
  }
  const moduleBytes = stripModule(readShape(exposed), initial)
  const contents = {
    memory: {
      initial,
      maximum: memoryShape.maximum,
      imported: memoryShape.imported,
      sha256: hashOf(bytes),
    },
    module: { sha256: hashOf(moduleBytes), private_prefix: names.prefix },
    globals: savedGlobals(built),
    constants: importedConstants(built),
    tables: shape.tables.map(({ initial: length, maximum, imported }) => {
      return { initial: length, maximum, imported }
    }),
    not_in_place: obstacleToReset(shape),
  }
  const description: ImageDescription = {
    format: "pagerd-wasm-image",
    version: 1,
    name: name ?? hashOf(Buffer.from(JSON.stringify(contents))).slice(0, 32),
    ...contents,
  }
  const module = await webAssembly.compile(moduleBytes)
  return new WasmImage(description, moduleBytes, module, { kind: "bytes", bytes }, undefined)
}

function savedGlobals({ shape, names, exports }: Built): SavedGlobal[] {
  return [...shape.globals.entries()]
    .filter(([, { isMutable }]) => isMutable)
    .map(([index, { type }]) => {
      if (!isNumeric(type)) return { index, type: "reference" }
      const { value } = exports[names.global(index)] as Global
      return { index, type, bits: bitsOf(type, value) }
    })
}

function importedConstants({ shape, imports }: Built): ImportedConstant[] {
  return shape.globals.flatMap(({ type, isMutable, imported }) => {
    if (imported === undefined || isMutable || !isNumeric(type)) return []
    return [{ ...imported, type, bits: bitsOf(type, importedNumber(imports, imported)) }]
  })
}

/** The parts of an instance that no image can hold: references to functions and to objects. */
class Unrestorable {
  readonly #tables: readonly { index: number; table: Table; entries: readonly unknown[] }[]
  readonly #globals: readonly { index: number; global: Global; value: unknown }[]

  constructor(shape: ModuleShape, names: PrivateNames, exports: Exports) {
    this.#tables = [...shape.tables.keys()].map((index) => {
      const table = exports[names.table(index)] as Table
      return { index, table, entries: entriesOf(table) }
    })
    this.#globals = [...shape.globals.entries()]
      .filter(([, { type, isMutable }]) => isMutable && !isNumeric(type))
      .map(([index]) => {
        const global = exports[names.global(index)] as Global
        return { index, global, value: global.value }
      })
  }

  requireUnchanged(): void {
    for (const { index, table, entries } of this.#tables) {
      const now = entriesOf(table)
      if (now.length !== entries.length) {
        throw changed(`table ${index} has ${now.length} entries and had ${entries.length}`)
      }
      const entry = now.findIndex((value, position) => !Object.is(value, entries[position]))
      if (entry >= 0) throw changed(`table ${index} has another entry ${entry}`)
    }
    for (const { index, global, value } of this.#globals) {
      if (!Object.is(global.value, value)) throw changed(`global ${index} is another reference`)
    }
  }
}

const changed = (what: string): PagerdError =>
  new PagerdError(
    "unsupported_image",
    `Cannot make an image: after the start function and init ${what}, which cannot be restored`,
  )
