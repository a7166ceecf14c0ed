import { question } from "../../examples/pyodide-workers/orders.js"
import { restoreInPlace, startSnapshotPython } from "../../examples/pyodide-workers/python.js"
import { splitSnapshot } from "../../examples/pyodide-workers/snapshot.js"
import type { Subject } from "./subject.js"

const questions = 3

/** pyodide: CPython, whose modules were imported before the snapshot. */
export async function pythonSubject(): Promise<Subject> {
  const builder = await startSnapshotPython()
  const { header, heap } = splitSnapshot(builder.makeMemorySnapshot())
  const asked = Array.from({ length: questions }, (_, index) => question(1, index))
  return {
    name: "pyodide",
    image: heap,
    answer: async (attach) => {
      const python = await restoreInPlace(header, attach)
      return asked.map(({ code }) => JSON.stringify(JSON.parse(String(python.runPython(code)))))
    },
    expected: asked.map(({ answer }) => JSON.stringify(answer)),
  }
}
