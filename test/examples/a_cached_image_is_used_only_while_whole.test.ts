import { readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { prepareImage } from "../../examples/demo/images/cache.js"
import { indexRecipe } from "../../examples/demo/images/index_image.js"
import { scratchDirectory } from "../harness/scratch.js"
import { silentProgress } from "./silent_progress.js"

const recipe = indexRecipe(2)
const options = (directory: string, isFresh = false) => ({
  directory,
  isFresh,
  progress: silentProgress(),
  signal: new AbortController().signal,
})

test("the second run takes what the first one built", async () => {
  const directory = scratchDirectory()

  const first = await prepareImage(recipe, options(directory))
  const { ino } = statSync(first.path)
  const second = await prepareImage(recipe, options(directory))

  assert.is(first.wasCached, false)
  assert.is(second.wasCached, true)
  assert.is(statSync(second.path).ino, ino)
  assert.is(second.lengthBytes, 2 * 1024 * 1024)
  assert.equal(readdirSync(directory).sort(), ["index.image", "index.json"])
})

test("an image with one changed byte is built again", async () => {
  const directory = scratchDirectory()
  const { path } = await prepareImage(recipe, options(directory))
  const whole = readFileSync(path)
  const damaged = Buffer.from(whole)
  damaged.writeUInt8(whole.readUInt8(1_234_567) ^ 1, 1_234_567)
  writeFileSync(path, damaged)

  const again = await prepareImage(recipe, options(directory))

  assert.is(again.wasCached, false)
  assert.ok(readFileSync(path).equals(whole))
})

test("an image that was cut short is built again", async () => {
  const directory = scratchDirectory()
  const { path } = await prepareImage(recipe, options(directory))
  truncateSync(path, 4096)

  const again = await prepareImage(recipe, options(directory))

  assert.is(again.wasCached, false)
  assert.is(statSync(path).size, again.lengthBytes)
})

test("an image of another recipe, or one without its manifest, is built again", async () => {
  const directory = scratchDirectory()
  await prepareImage(recipe, options(directory))

  const other = await prepareImage(indexRecipe(1), options(directory))
  writeFileSync(join(directory, "index.json"), "{")
  const torn = await prepareImage(indexRecipe(1), options(directory))

  assert.is(other.wasCached, false)
  assert.is(other.lengthBytes, 1024 * 1024)
  assert.is(torn.wasCached, false)
})

test("--fresh builds even what is whole", async () => {
  const directory = scratchDirectory()
  await prepareImage(recipe, options(directory))

  const fresh = await prepareImage(recipe, options(directory, true))

  assert.is(fresh.wasCached, false)
})

test.run()
