import { execFileSync } from "node:child_process"
import { test } from "uvu"
import * as assert from "uvu/assert"
import * as limits from "../../protocol/limits.js"
import { compileWithClient } from "./native_program.js"

test("libpagerd's limits are those of protocol/limits.ts, every one of them", () => {
  const printed = execFileSync(compileWithClient("client_limits.cpp", []), { encoding: "utf8" })

  const inC = Object.fromEntries(
    printed
      .trimEnd()
      .split("\n")
      .map((line) => line.split(" ")),
  )
  const inTypeScript = Object.fromEntries(
    Object.entries(limits).map(([name, value]) => [name, String(value)]),
  )
  assert.equal(inC, inTypeScript)
})

test.run()
