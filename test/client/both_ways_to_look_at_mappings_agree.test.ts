import { execFileSync } from "node:child_process"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { compileWithClient } from "./native_program.js"

test("of every kind that attached memory can be of", () => {
  const program = compileWithClient("both_looks_at_mappings.cpp", [
    "client/failure.cpp",
    "client/sys_mappings.cpp",
    "sys/check.cpp",
    "sys/descriptor.cpp",
  ])

  const output = execFileSync(program, { encoding: "utf8" })

  assert.equal(output.trimEnd().split("\n"), [
    "anonymous: rwp",
    "closed: --p",
    "shared anonymous: rws file",
    "private file: r-p file",
    "shared file: rws file",
    "nothing: unsupported_memory",
    "locked: 1 0",
  ])
})

test.run()
