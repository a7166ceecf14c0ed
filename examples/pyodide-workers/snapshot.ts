import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import type { BuiltImage, Recipe } from "../demo/images/recipe.js"
import { mebibyte } from "../demo/output/units.js"
import { pythonProgram } from "./orders.js"
import { startSnapshotPython } from "./python.js"

/** What a worker has to know beside the heap's bytes. */
export interface SnapshotFacts {
  /** The snapshot up to its heap, in base64. */
  readonly header: string
}

/** The image is the heap of a CPython that has imported its modules: all of its linear memory. */
export const snapshotRecipe: Recipe<SnapshotFacts> = {
  name: "pyodide",
  key: `format 1, ${digestOf("pyodide/pyodide.asm.wasm", "pyodide/python_stdlib.zip")}`,
  expectedBytes: 32 * mebibyte,
  build: async (progress): Promise<BuiltImage<SnapshotFacts>> => {
    const step = progress.begin("pyodide: starting CPython", 1, "workers")
    const python = await startSnapshotPython()
    step.update(1)
    step.end()
    const { header, heap } = splitSnapshot(python.makeMemorySnapshot())
    return {
      lengthBytes: heap.length,
      chunks: [heap],
      facts: { header: Buffer.from(header).toString("base64") },
    }
  },
}

/** The second word of a snapshot says where its heap begins. */
export function splitSnapshot(snapshot: Uint8Array): { header: Uint8Array; heap: Uint8Array } {
  const words = new Uint32Array(snapshot.buffer, snapshot.byteOffset, 2)
  const headerBytes = words[1] ?? 0
  if (headerBytes === 0 || (snapshot.length - headerBytes) % wasmPageBytes !== 0) {
    throw new Error(
      `A snapshot of ${snapshot.length} bytes has its heap at ${headerBytes}: ` +
        "this is not the format of the Pyodide that this example was written for",
    )
  }
  return { header: snapshot.slice(0, headerBytes), heap: snapshot.subarray(headerBytes) }
}

const wasmPageBytes = 65_536

function digestOf(...files: readonly string[]): string {
  const hash = createHash("sha256").update(pythonProgram)
  for (const file of files) hash.update(readFileSync(fileURLToPath(import.meta.resolve(file))))
  return hash.digest("hex").slice(0, 16)
}
