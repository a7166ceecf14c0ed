import { closeSync, openSync, readSync } from "node:fs"
import { connect } from "pagerd"
import { type IndexShape, indexShape, pageBytes, pageWords } from "../images/index_format.js"
import type { IndexFacts } from "../images/index_image.js"
import { checkLookup, type ReadPage, randomQuestion } from "../images/index_lookup.js"
import { RandomNumbers } from "../images/random_numbers.js"
import { type Job, regionFigures } from "./messages.js"
import { readFileInto } from "./read_file.js"
import { type Placed, runWorker } from "./worker.js"

type IndexJob = Job<IndexFacts>

const questions = 2_000

/**
 * A worker that looks up random keys in an index of 1 GiB and checks every page and record it
 * meets.
 */
runWorker<IndexFacts>(async (job) => {
  const shape = indexShape(job.lengthBytes)
  return async () => {
    const source = await open(job)
    return { ...source, questions, ask: asker(shape, job.worker, source.readPage) }
  }
})

type Source = Pick<Placed, "region" | "close"> & { readonly readPage: ReadPage }

function open(job: IndexJob): Source | Promise<Source> {
  if (job.way === "pagerd") return map(job)
  return job.way === "copy" ? readWhole(job) : readSinglePages(job)
}

async function map(job: IndexJob): Promise<Source> {
  const pager = await connect({ socket: job.socket })
  // Look-ups are random: what lies around a page is not wanted next.
  const region = await pager.map(job.image, { mode: job.mode, window: pageBytes })
  return {
    readPage: pagesOf(region.buffer),
    region: regionFigures(region),
    close: () => pager.close(),
  }
}

/** The whole file into this process's own memory. */
function readWhole({ path, lengthBytes }: IndexJob): Source {
  const bytes = new Uint8Array(lengthBytes)
  readFileInto(path, bytes)
  return { readPage: pagesOf(bytes.buffer), region: undefined, close: async () => {} }
}

/** One system call a page: what code does that knows it reads a file, and may open it. */
function readSinglePages({ path }: IndexJob): Source {
  const file = openSync(path, "r")
  const page = new Uint32Array(pageWords)
  const readPage: ReadPage = (number) => {
    const bytes = readSync(file, page, 0, pageBytes, number * pageBytes)
    if (bytes !== pageBytes) throw new Error(`${path} ends within page ${number}`)
    return page
  }
  return { readPage, region: undefined, close: async () => closeSync(file) }
}

function pagesOf(buffer: ArrayBuffer): ReadPage {
  const words = new Uint32Array(buffer)
  return (number) => words.subarray(number * pageWords, (number + 1) * pageWords)
}

function asker(shape: IndexShape, worker: number, readPage: ReadPage): Placed["ask"] {
  const random = new RandomNumbers(0x1dec5 + worker)
  return () => checkLookup(shape, readPage, randomQuestion(shape, random))
}
