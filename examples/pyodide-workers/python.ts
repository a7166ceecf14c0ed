import { dirname } from "node:path"
import { fileURLToPath } from "node:url"
import { loadPyodide } from "pyodide"
import { pythonProgram } from "./orders.js"

/** A WebAssembly.Memory. */
export interface LinearMemory {
  readonly buffer: ArrayBuffer
}

/** What of Pyodide is used. */
export interface Python {
  runPython(code: string): unknown
  makeMemorySnapshot(): Uint8Array
}

/** CPython as Emscripten made it: an instance of the wasm module and the JS around it. */
interface EmscriptenModule {
  readonly memory: LinearMemory
}

type CreateModule = (settings: object) => Promise<EmscriptenModule>

/** The parts of Pyodide's options that are used; its own types leave out those about snapshots. */
interface LoadOptions {
  readonly indexURL: string
  readonly _makeSnapshot?: boolean
  readonly _loadSnapshot?: Uint8Array
  readonly createPyodideModule?: CreateModule
}

const loadPython = loadPyodide as unknown as (options: LoadOptions) => Promise<Python>

/** Its files lie there. Left to itself it looks at a stack trace, which source maps change. */
const indexURL = dirname(fileURLToPath(import.meta.resolve("pyodide")))

// The package has no types for it.
const emscriptenModule: string = "pyodide/pyodide.asm.mjs"
const { default: createModule } = (await import(emscriptenModule)) as { default: CreateModule }

/** Starts CPython and imports what its questions need, as everybody does without a snapshot. */
export async function startPython(): Promise<Python> {
  const python = await loadPython({ indexURL, createPyodideModule: createModule })
  python.runPython(pythonProgram)
  return python
}

/** The same, in a way that allows to take a snapshot. */
export async function startSnapshotPython(): Promise<Python> {
  const python = await loadPython({
    indexURL,
    createPyodideModule: createModule,
    _makeSnapshot: true,
  })
  python.runPython(pythonProgram)
  return python
}

/** Pyodide's own way: the snapshot's heap is copied over the instance's linear memory. */
export async function restoreByCopy(snapshot: Uint8Array): Promise<Python> {
  return woken(
    await loadPython({ indexURL, createPyodideModule: createModule, _loadSnapshot: snapshot }),
  )
}

/**
 * The restore without its copy. A snapshot is a header, which Pyodide reads, and the heap, which it
 * copies; given the header alone it copies nothing, because `place` has put the heap in place as
 * soon as there was a memory to put it in.
 */
export async function restoreInPlace(
  header: Uint8Array,
  place: (memory: LinearMemory) => Promise<void>,
): Promise<Python> {
  const createPyodideModule: CreateModule = async (settings) => {
    const module = await createModule(settings)
    await place(module.memory)
    return module
  }
  return woken(await loadPython({ indexURL, createPyodideModule, _loadSnapshot: header }))
}

/** Everybody would wake up with the random numbers of whoever made the snapshot. */
function woken(python: Python): Python {
  python.runPython("random.seed()")
  return python
}
