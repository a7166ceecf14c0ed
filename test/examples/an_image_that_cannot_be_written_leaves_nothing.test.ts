import { mkdirSync, readdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { prepareImage } from "../../examples/demo/images/cache.js"
import { indexRecipe } from "../../examples/demo/images/index_image.js"
import { scratchDirectory } from "../harness/scratch.js"
import { silentProgress } from "./silent_progress.js"

const recipe = indexRecipe(8)

async function failureOf(promise: Promise<unknown>): Promise<Error> {
  const failure = await promise.then(
    () => undefined,
    (error: Error) => error,
  )
  assert.ok(failure instanceof Error)
  return failure
}

test("an interruption between two chunks ends the build and removes what was written", async () => {
  const directory = scratchDirectory()
  const interruption = new AbortController()
  const chunks = function* () {
    yield Buffer.alloc(4096)
    interruption.abort(new Error("stop"))
    yield Buffer.alloc(4096)
  }
  const interrupted = {
    ...recipe,
    build: async () => ({ lengthBytes: 8192, chunks: chunks(), facts: {} }),
  }

  const progress = silentProgress()
  const options = { directory, isFresh: false, progress, signal: interruption.signal }
  const failure = await failureOf(prepareImage(interrupted, options))

  assert.is(failure.message, "stop")
  assert.equal(readdirSync(directory), [])
})

test("a disk without room is named, with what is needed and what is free", async () => {
  const directory = scratchDirectory()
  const huge = { ...recipe, expectedBytes: 2 ** 60 }

  const { signal } = new AbortController()
  const options = { directory, isFresh: false, progress: silentProgress(), signal }
  const { message } = await failureOf(prepareImage(huge, options))

  assert.match(message, "The index image needs 1,099,511,627,776 MiB")
  assert.match(message, directory)
  assert.match(message, "MiB are free")
  assert.match(message, "XDG_CACHE_HOME")
  assert.match(message, "--index-mib")
  assert.equal(readdirSync(directory), [])
})

test("a cache that cannot be made is named", async () => {
  const directory = scratchDirectory()
  const file = join(directory, "file")
  writeFileSync(file, "")

  const { signal } = new AbortController()
  const below = join(file, "pagerd-demo")
  const options = { directory: below, isFresh: false, progress: silentProgress(), signal }
  const { message } = await failureOf(prepareImage(recipe, options))

  assert.match(message, "Cannot make a cache")
  assert.match(message, below)
})

test("a place that cannot be written is named in the system's own words", async () => {
  const directory = scratchDirectory()
  mkdirSync(join(directory, `index.image.partial.${process.pid}`))

  const { signal } = new AbortController()
  const options = { directory, isFresh: false, progress: silentProgress(), signal }
  const { message } = await failureOf(prepareImage(recipe, options))

  assert.match(message, /^Cannot write the index image: EISDIR/)
})

test("what a killed build left is removed, what a running one writes is not", async () => {
  const directory = scratchDirectory()
  const pidMax = 4_194_304
  const stale = `index.image.partial.${pidMax + 1}`
  const running = `index.image.partial.${process.ppid}`
  for (const name of [stale, running]) writeFileSync(join(directory, name), "")

  const { signal } = new AbortController()
  await prepareImage(recipe, { directory, isFresh: false, progress: silentProgress(), signal })

  assert.equal(readdirSync(directory).sort(), ["index.image", running, "index.json"])
})

test.run()
