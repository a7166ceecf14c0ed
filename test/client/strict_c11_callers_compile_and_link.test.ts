import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { paths } from "../../client/index.js"
import { repository } from "../harness/repository.js"
import { compileAgainstLibrary } from "./native_program.js"

const { header, library } = paths()
const caller = join(repository, "test/native/every_function.c")

test("a C11 program that calls every function compiles without a warning, and runs", () => {
  const flags = ["-pedantic", "-Wstrict-prototypes", "-Wconversion"]
  const program = compileAgainstLibrary("every_function.c", flags)

  const [version, code, text] = execFileSync(program, { encoding: "utf8" }).split("\n")

  assert.match(version ?? "", /^\d+\.\d+\.\d+$/)
  assert.is(code, "no_manager")
  assert.match(text ?? "", /\/nonexistent\/pagerd\.sock/)
})

test("the program calls every function that the header declares", () => {
  const declared = readFileSync(header, "utf8").matchAll(/^PAGERD_API [^;(]*?(pagerd_\w+)\(/gm)
  const called = readFileSync(caller, "utf8")

  const names = [...declared].map((match) => match[1] ?? "")

  assert.ok(names.length >= 18, `found ${names.length} functions`)
  assert.equal(
    names.filter((name) => !called.includes(`${name}(`)),
    [],
  )
})

test("the library shows the C interface and nothing else", () => {
  const symbols = execFileSync("nm", ["-D", "--defined-only", library], { encoding: "utf8" })

  const names = symbols
    .trimEnd()
    .split("\n")
    .map((line) => line.split(" ").at(-1) ?? "")

  assert.ok(names.includes("pagerd_connect"))
  assert.equal(
    names.filter((name) => !name.startsWith("pagerd_")),
    [],
  )
})

test.run()
