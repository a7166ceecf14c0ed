import { isDeepStrictEqual } from "node:util"
import { connect } from "pagerd"
import { type Job, type RegionFigures, regionFigures } from "../demo/workers/messages.js"
import { readFileInto } from "../demo/workers/read_file.js"
import { type Placed, runWorker } from "../demo/workers/worker.js"
import { question, questions } from "./orders.js"
import { type Python, restoreByCopy, restoreInPlace, startPython } from "./python.js"
import type { SnapshotFacts } from "./snapshot.js"

type PythonJob = Job<SnapshotFacts>

interface Started {
  readonly python: Python
  readonly region: RegionFigures | undefined
}

/**
 * A worker that starts CPython in one of the ways and has it compute. What it imports is loaded
 * before the clock starts; compiling the wasm module is within, as it is in every new process.
 */
runWorker<SnapshotFacts>(async (job) => {
  return async () => {
    const { python, region } = await start(job)
    return { region, questions, ask: asker(job.worker, python), close: async () => {} }
  }
})

async function start(job: PythonJob): Promise<Started> {
  if (job.way === "pagerd") return await startPaged(job)
  const python = job.way === "copy" ? await startCopied(job) : await startPython()
  return { python, region: undefined }
}

async function startCopied({ path, lengthBytes, facts }: PythonJob): Promise<Python> {
  const header = Buffer.from(facts.header, "base64")
  const snapshot = new Uint8Array(header.length + lengthBytes)
  snapshot.set(header)
  readFileInto(path, snapshot.subarray(header.length))
  return await restoreByCopy(snapshot)
}

/** The heap's pages come when CPython touches them. */
async function startPaged({ socket, image, mode, lengthBytes, facts }: PythonJob) {
  const pager = await connect({ socket })
  let region: RegionFigures | undefined
  // A Buffer of its own: Pyodide reads words from its beginning.
  const header = new Uint8Array(Buffer.from(facts.header, "base64"))
  const python = await restoreInPlace(header, async (memory) => {
    if (memory.buffer.byteLength !== lengthBytes) {
      throw new Error(
        `CPython begins with ${memory.buffer.byteLength} bytes of memory, ` +
          `the image has ${lengthBytes}`,
      )
    }
    region = regionFigures(await pager.attachMemory(memory, image, { mode }))
  })
  // The pager is left open: closing would install every page that is missing.
  return { python, region }
}

function asker(worker: number, python: Python): Placed["ask"] {
  return (index) => {
    const { code, answer } = question(worker, index)
    const found = python.runPython(code)
    if (typeof found === "string" && isDeepStrictEqual(JSON.parse(found), answer)) return
    throw new Error(`${code} answered ${found}, not ${JSON.stringify(answer)}`)
  }
}
