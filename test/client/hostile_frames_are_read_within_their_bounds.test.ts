import { execFileSync } from "node:child_process"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { compileWithClient } from "./native_program.js"

const inputs = 500_000

test("the C decoder takes half a million wrong frames under ASan and UBSan", () => {
  const program = compileWithClient(
    "fuzz_msgpack.cpp",
    [
      "client/msgpack_read.cpp",
      "client/messages_decode.cpp",
      "sys/check.cpp",
      "sys/descriptor.cpp",
    ],
    ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"],
  )

  const output = execFileSync(program, [String(inputs)], { encoding: "utf8", timeout: 60_000 })

  const [, decoded] = /^500000 inputs, (\d+) of them messages/.exec(output) ?? []
  // Most are refused, but not all: else it never came past the first bytes.
  assert.ok(Number(decoded) > inputs / 100 && Number(decoded) < inputs / 2, output)
})

test.run()
