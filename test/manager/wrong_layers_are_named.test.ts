import { mkdirSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { ClientError } from "../../manager/errors.js"
import { checkImageFiles, pathsOfSource } from "../../manager/images/source.js"
import { scratchDirectory } from "../harness/scratch.js"

const directory = scratchDirectory()
const page = 4096

function fileOf(name: string, lengthBytes: number): string {
  const path = join(directory, name)
  writeFileSync(path, "")
  truncateSync(path, lengthBytes)
  return path
}

const base = fileOf("base.mem", 8 * page)
const folder = join(directory, "folder")
mkdirSync(folder)

function refusalOf(source: string | readonly string[]): string {
  try {
    checkImageFiles(pathsOfSource(source))
  } catch (error) {
    if (error instanceof ClientError) return error.message
    throw error
  }
  throw new Error(`${source} was taken`)
}

test("a layer that is no file is named with its place", () => {
  const missing = join(directory, "missing.mem")
  const wrong: [found: string, words: string][] = [
    [missing, "there is no such file"],
    [folder, "it is no regular file"],
    [fileOf("empty.mem", 0), "it is empty"],
    [join(directory, "x".repeat(300)), "ENAMETOOLONG: name too long"],
  ]
  for (const [found, words] of wrong) {
    const second = refusalOf(`${base},${found},${base}`)
    const alone = refusalOf(found)

    const prefix = `Cannot take ${found} (layer 2 of 3) as an image: ${words}`
    assert.is(second.slice(0, prefix.length), prefix)
    assert.ok(alone.startsWith(`Cannot take ${found} as an image: ${words}`), alone)
  }
})

test("a layer that ends within a page of a longer one is named with both lengths", () => {
  const odd = fileOf("odd.mem", page + 1)

  assert.is(
    refusalOf([base, odd]),
    `Cannot take ${odd} (layer 2 of 2) as an image: it is 4097 bytes long, the longest layer ` +
      "32768; wanted whole pages of 4096 bytes of all but the longest",
  )
  // Of the longest, whatever it is.
  checkImageFiles([odd])
  checkImageFiles([odd, odd, fileOf("page.mem", page)])
})

test("a layer without a name, none at all and too many are refused", () => {
  assert.match(refusalOf(`${base},`), /base\.mem,": layer 2 has no name; wanted paths joined by/)
  assert.match(refusalOf([base, "", base]), /layer 2 has no name/)
  assert.match(refusalOf([]), /Cannot take an image of 0 files: wanted 1 to 64/)
  assert.match(refusalOf(Array(65).fill(base).join(",")), /image of 65 files: wanted 1 to 64/)
  assert.is(pathsOfSource(Array(64).fill(base)).length, 64)
})

test("a file of exactly that name goes ahead of layers, and a URL is one file", () => {
  const both = fileOf("base.mem,diff.mem", page)
  const diff = fileOf("diff.mem", page)

  assert.equal(pathsOfSource(both), [both])
  assert.equal(pathsOfSource(`${base},${diff}`), [base, diff])
  assert.equal(pathsOfSource(`file://${base},${diff}`), [`${base},${diff}`])
  assert.equal(pathsOfSource([both, `file://${diff}`]), [both, diff])
  assert.match(refusalOf(`${base},http://host/x`), /reads paths and file:\/\/ URLs, not http/)
})

test.run()
