import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { repository } from "../harness/repository.js"

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
  const named = testsOfInvariants(readFileSync(join(repository, "ARCHITECTURE.md"), "utf8"))

  assert.ok(named.size >= 10)
  assert.equal(
    [...named.keys()],
    [...named.keys()].map((_, index) => index + 1),
  )
  for (const [number, paths] of named) assert.ok(paths.length > 0, `invariant ${number}`)
})

test("every test that is named for an invariant bears its number", () => {
  const named = testsOfInvariants(readFileSync(join(repository, "ARCHITECTURE.md"), "utf8"))

  for (const [number, paths] of named) {
    for (const path of paths) {
      assert.ok(existsSync(join(repository, path)), path)
      const text = readFileSync(join(repository, path), "utf8")
      assert.ok(text.includes(`// Invariant ${number}.`), `${path} bears ${number}`)
    }
  }
})

test.run()
