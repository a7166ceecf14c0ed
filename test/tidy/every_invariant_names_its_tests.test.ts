import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { repository } from "../harness/repository.js"
import { isNative, isTest, readTree } from "./source_file.js"

const architecture = () => readFileSync(join(repository, "ARCHITECTURE.md"), "utf8")

/** The tests that ARCHITECTURE.md names for each invariant, as paths from the top. */
function testsOfInvariants(text: string): Map<number, string[]> {
  const invariants = text.split("## Invariants")[1]?.split("\n## ")[0] ?? ""
  const items = invariants.matchAll(/^(\d+)\. (?:.|\n(?!\d))*/gm)
  return new Map(
    [...items].map((item) => {
      const paths = [...item[0].matchAll(/\]\((test\/[^)]+)\)/g)].map((link) => link[1] ?? "")
      return [Number(item[1]), paths]
    }),
  )
}

test("every invariant is numbered in turn and has a test", () => {
  const named = testsOfInvariants(architecture())

  assert.ok(named.size >= 10)
  assert.equal(
    [...named.keys()],
    [...named.keys()].map((_, index) => index + 1),
  )
  for (const [number, paths] of named) assert.ok(paths.length > 0, `invariant ${number}`)
})

test("every test that is named for an invariant bears its number", () => {
  const named = testsOfInvariants(architecture())

  for (const [number, paths] of named) {
    for (const path of paths) {
      assert.ok(existsSync(join(repository, path)), path)
      const text = readFileSync(join(repository, path), "utf8")
      assert.ok(text.includes(`// Invariant ${number}.`), `${path} bears ${number}`)
    }
  }
})

/** The invariants whose numbers a test bears. */
const bornBy = (text: string): number[] =>
  [...text.matchAll(/^\/\/ Invariant (\d+)\.$/gm)].map(([, number]) => Number(number))

test("every test that bears an invariant's number is named for it", () => {
  const named = testsOfInvariants(architecture())
  const tests = readTree(repository).filter(
    (file) => file.path.startsWith("test/") && (isTest(file) || isNative(file)),
  )

  const unnamed = tests.flatMap(({ path, text }) =>
    bornBy(text)
      .filter((number) => !named.get(number)?.includes(path))
      .map((number) => `${path} bears ${number}`),
  )

  assert.equal(unnamed, [])
  assert.equal(bornBy("// Invariant 2.\n// Invariant 16.\n// no Invariant 3.\n"), [2, 16])
})

test.run()
