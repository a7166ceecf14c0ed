import { existsSync, readFileSync } from "node:fs"
import { basename, join } from "node:path"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { repository } from "../harness/repository.js"

interface Threat {
  readonly number: number
  readonly tests: readonly { readonly name: string; readonly path: string }[]
}

/** The lines of ARCHITECTURE.md's table. */
function threatsIn(text: string): Threat[] {
  const section = text.split("## Threat model")[1]?.split("\n## ")[0] ?? ""
  return [...section.matchAll(/^\| (\d+) \|.*$/gm)].map(([line, number]) => ({
    number: Number(number),
    tests: [...line.matchAll(/\[`([^`]+)`\]\((test\/[^)]+)\)/g)].map(([, name, path]) => ({
      name: name ?? "",
      path: path ?? "",
    })),
  }))
}

test("every threat is numbered in turn and has a test that exists", () => {
  const threats = threatsIn(readFileSync(join(repository, "ARCHITECTURE.md"), "utf8"))

  assert.ok(threats.length >= 25, `${threats.length} threats`)
  threats.forEach(({ number, tests }, index) => {
    assert.is(number, index + 1)
    assert.ok(tests.length > 0, `threat ${number} names no test`)
    for (const { name, path } of tests) {
      assert.ok(existsSync(join(repository, path)), `threat ${number}: there is no ${path}`)
      assert.is(basename(path).replace(/\..*$/, ""), name)
    }
  })
})

test("a line without a link to a test is seen", () => {
  const table = "## Threat model\n| 1 | a | b | [`x`](test/x.test.ts) |\n| 2 | a | b | c |\n"

  assert.equal(
    threatsIn(table).map(({ tests }) => tests.length),
    [1, 0],
  )
})

test.run()
